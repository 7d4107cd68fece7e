package direct

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/direct/cms"
)

func readMail(t *testing.T, text string) Mail {
	t.Helper()
	m, err := ReadMail([]byte(strings.ReplaceAll(text, "\n", "\r\n")), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNotificationRoundTrip(t *testing.T) {
	p := newPair(t)
	for _, want := range []Notification{
		{Disposition: Processed, Recipient: theirs, OriginalMessageID: "<a@b.example>", ReportingUA: "direct.lakeside.example; refloop"},
		{Disposition: Dispatched, Recipient: theirs, OriginalMessageID: "<a@b.example>", Final: true},
		{Disposition: Failed, Recipient: theirs, OriginalMessageID: "<a@b.example>", Reason: "the package cannot be read"},
	} {
		d := draft()
		d.MessageID, d.InReplyTo, d.Subject, d.Files = "<n@direct.lakeside.example>", "<a@b.example>", "Notification", nil
		d.Report = &want
		o, err := Open(seal(t, compose(t, d), p.them, p.us, SealOptions{}), []cms.Identity{p.us}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Check("", ours); err != nil {
			t.Errorf("null sender of a notification: %v", err)
		}
		got, ok := o.Mail.Notification()
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s (-want +got)\n%s", want.Disposition, diff)
		}
		if !o.Mail.IsReport() || got.Positive() != (want.Disposition != Failed) {
			t.Errorf("%s: report %v, positive %v", want.Disposition, o.Mail.IsReport(), got.Positive())
		}
	}
}

// What peers write: letter case, spaces, empty lines, folding, no disposition (ETT generators).
func TestNotificationLenient(t *testing.T) {
	const head = "From: <a@b.example>\nIn-Reply-To: <irt@x.example>\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: message/disposition-notification\n\n"
	const tail = "\n--b--\n"
	for name, tc := range map[string]struct {
		body string
		want Notification
	}{
		"plain":          {"Final-Recipient: rfc822;x@y.example\nOriginal-Message-ID: <o@x.example>\nDisposition: automatic-action/MDN-sent-automatically;processed\n", Notification{Disposition: Processed, Recipient: "x@y.example", OriginalMessageID: "<o@x.example>"}},
		"case":           {"FINAL-RECIPIENT: RFC822;X@Y.example\nORIGINAL-MESSAGE-ID: <o@x.example>\nDISPOSITION: AUTOMATIC-ACTION/MDN-SENT-AUTOMATICALLY;PROCESSED\n", Notification{Disposition: Processed, Recipient: "x@y.example", OriginalMessageID: "<o@x.example>"}},
		"spaces":         {"Final-Recipient :  rfc822 ;   x@y.example  \nOriginal-Message-ID:   <o@x.example>  \nDisposition:   automatic-action / MDN-sent-automatically ;   dispatched  \nX-DIRECT-FINAL-DESTINATION-DELIVERY:\n", Notification{Disposition: Dispatched, Recipient: "x@y.example", OriginalMessageID: "<o@x.example>", Final: true}},
		"empty lines":    {"Final-Recipient: rfc822;x@y.example\n\nOriginal-Message-ID: <o@x.example>\n\n\nDisposition: a/b;processed\n", Notification{Disposition: Processed, Recipient: "x@y.example", OriginalMessageID: "<o@x.example>"}},
		"folded":         {"Final-Recipient:\n rfc822;\n x@y.example\nOriginal-Message-ID:\n\t<o@x.example>\nDisposition:\n automatic-action/MDN-sent-automatically;\n processed/error\n", Notification{Disposition: Processed, Modifier: "error", Recipient: "x@y.example", OriginalMessageID: "<o@x.example>"}},
		"no disposition": {"Final-Recipient: x@y.example\n", Notification{Recipient: "x@y.example", OriginalMessageID: "<irt@x.example>"}},
		"no brackets":    {"Final-Recipient: rfc822;x@y.example\nOriginal-Message-ID: o@x.example\nDisposition: a/b;failed\nFailure: no mailbox\n", Notification{Disposition: Failed, Recipient: "x@y.example", OriginalMessageID: "<o@x.example>", Reason: "no mailbox"}},
		"nothing":        {"", Notification{OriginalMessageID: "<irt@x.example>"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := readMail(t, head+tc.body+tail)
			got, ok := m.Notification()
			if diff := cmp.Diff(tc.want, got); !ok || diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDeliveryStatus(t *testing.T) {
	m := readMail(t, `From: <mailer-daemon@relay.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

sorry
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Original-Message-ID: <o@x.example>

Final-Recipient: rfc822; x@y.example
Action: Failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user

Final-Recipient: rfc822; z@y.example
Action: delayed
Status: 4.4.1
--b--
`)
	got, ok := m.DeliveryStatus()
	want := DeliveryStatus{OriginalMessageID: "<o@x.example>", ReportingMTA: "dns; relay.example", Recipients: []RecipientStatus{
		{Recipient: "x@y.example", Action: "failed", Status: "5.1.1", Reason: "smtp; 550 no such user"},
		{Recipient: "z@y.example", Action: "delayed", Status: "4.4.1"},
	}}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, ok := (&Mail{}).DeliveryStatus(); ok {
		t.Error("a message without status has one")
	}
}

func TestWantsFinal(t *testing.T) {
	for value, want := range map[string]bool{
		"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true":                    true,
		"x-direct-final-destination-delivery = optional , TRUE":                true,
		"signed=optional,x; X-DIRECT-FINAL-DESTINATION-DELIVERY=required,true": true,
		"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,false":                   false,
		"X-DIRECT-FINAL-DESTINATION-DELIVERY":                                  false,
		"X-DIRECT-FINAL-DESTINATION-DELIVERY=true":                             false,
		"X-XXXXXX-FINAL-DESTINATION-DELIVERY=optional,true":                    false,
		"": false,
	} {
		m := Mail{Header: Header{{"Disposition-Notification-Options", value}}}
		if got := m.WantsFinal(); got != want {
			t.Errorf("%q: got %v", value, got)
		}
	}
}
