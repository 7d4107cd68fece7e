package gateway

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/multipart"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const tiff = "II*\x00 a page of a fax"

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// form makes a multipart body with a file and fields.
func form(t testing.TB, file string, fields ...string) (string, []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if file != "" {
		p, err := w.CreateFormFile("file", "fax.tif")
		if err != nil {
			t.Fatal(err)
		}
		p.Write([]byte(file))
	}
	w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func TestShapes(t *testing.T) {
	multi, body := form(t, tiff, "fax", `{"id": 77, "from_number": "+12075550100", "num_pages": 2, "direction": "received"}`, "to_number", "+15550111")
	for name, c := range map[string]struct {
		contentType, body string
		want              Notice
	}{
		"file in base64": {"application/json; charset=utf-8", `{"FaxDetailsID": 5, "CallerID": "207-555-0100", "RemoteID": "LAKESIDE", "Pages": "3", "filecontent": "` + encoded(tiff) + `"}`,
			Notice{Kind: Received, ID: "5", From: "2075550100", Station: "LAKESIDE", Pages: 3, File: []byte(tiff)}},
		"address of the file": {"application/json", `{"data": {"event_type": "fax.received", "payload": {"fax_id": "f-1", "from": "+12075550100", "to": "+15550111", "page_count": 2, "media_url": "https://media.gw.example/f-1.pdf", "partial_content": true}}}`,
			Notice{Kind: Received, ID: "f-1", From: "+12075550100", To: "+15550111", Pages: 2, URL: "https://media.gw.example/f-1.pdf", Partial: true}},
		"a form with the file": {multi, string(body), Notice{Kind: Received, ID: "77", From: "+12075550100", To: "+15550111", Pages: 2, File: []byte(tiff), Name: "fax.tif"}},
		"delivered": {"application/json", `{"data": {"event_type": "fax.delivered", "payload": {"fax_id": "f-2", "client_state": "d-1", "page_count": 4, "status": "delivered"}}}`,
			Notice{Kind: Status, ID: "f-2", Reference: "d-1", Pages: 4, State: Done, Cause: "delivered"}},
		"failed":    {"application/x-www-form-urlencoded", "id=9&reference=d-1&status=failure&error_code=userBusy&direction=outbound", Notice{Kind: Status, ID: "9", Reference: "d-1", State: Failed, Cause: "busy"}},
		"under way": {"application/json", `{"id": "9", "reference": "d-1", "status": "queued"}`, Notice{Kind: Status, ID: "9", Reference: "d-1", State: Waiting, Cause: "queued"}},
		"neither":   {"application/json", `{"event": "number.bought"}`, Notice{Kind: Other}},
	} {
		got, err := Parse(c.contentType, []byte(c.body), Limits{})
		if d := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Notice{})); err != nil || d != "" {
			t.Errorf("%s: got %v (-want +got):\n%s", name, err, d)
		}
	}
}

func TestMalformed(t *testing.T) {
	multi, body := form(t, tiff, "id", "1")
	for name, c := range map[string]struct{ contentType, body string }{
		"no type": {"", "{}"}, "text": {"text/plain", "hello"}, "no JSON": {"application/json", "nope"}, "two values": {"application/json", "{}{}"}, "a list": {"application/json", "[1]"},
		"cut form": {multi, string(body[:len(body)-20])}, "no boundary": {"multipart/form-data", "--x\r\n"}, "large": {"application/json", `{"file": "` + encoded(strings.Repeat("x", 200)) + `"}`},
	} {
		n, err := Parse(c.contentType, []byte(c.body), Limits{File: 100})
		var m *Malformed
		if !errors.As(err, &m) || n.File != nil || n.Kind != "" {
			t.Errorf("%s: got %+v, %v, want it refused", name, n, err)
		}
	}
}

func TestSignature(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	body := []byte(`{"id": 1}`)
	at, good := Sign("secret", now, body)
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.StdEncoding.EncodeToString(ed25519.Sign(private, append([]byte(at+"|"), body...)))
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"right":          {Verify("secret", at, good, body, now, 0), true},
		"with prefix":    {Verify("secret", at, "sha256="+strings.ToUpper(good), body, now.Add(Window), 0), true},
		"other key":      {Verify("other", at, good, body, now, 0), false},
		"no key":         {Verify("", at, good, body, now, 0), false},
		"other body":     {Verify("secret", at, good, []byte(`{"id": 2}`), now, 0), false},
		"other time":     {Verify("secret", strconv.FormatInt(now.Unix()+1, 10), good, body, now, 0), false},
		"late":           {Verify("secret", at, good, body, now.Add(Window+time.Second), 0), false},
		"early":          {Verify("secret", at, good, body, now.Add(-Window-time.Second), 0), false},
		"no time":        {Verify("secret", "", good, body, now, 0), false},
		"nothing":        {Verify("secret", at, "", body, now, 0), false},
		"ed25519":        {VerifyEd25519(public, at, signed, body, now, 0), true},
		"ed25519, other": {VerifyEd25519(public, at, signed, []byte("x"), now, 0), false},
		"ed25519, late":  {VerifyEd25519(public, at, signed, body, now.Add(time.Hour), 0), false},
		"ed25519, none":  {VerifyEd25519(nil, at, signed, body, now, 0), false},
	} {
		if (c.err == nil) != c.want {
			t.Errorf("%s: got %v, want right = %v", name, c.err, c.want)
		}
	}
}

// faxMail is a mail of a gateway.
func faxMail(subject, text, file string) []byte {
	m := "From: Fax Gateway <Faxes@gw.example>\r\nTo: fax@northside.example\r\nMessage-ID: <1@gw.example>\r\nSubject: " + subject + "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\n" + text + "\r\n"
	if file != "" {
		m += "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"../fax.tif\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded(file) + "\r\n"
	}
	return []byte(m + "--b--\r\n")
}

func TestMail(t *testing.T) {
	const ours = "0192f0c1-7b1c-7d10-8000-0123456789ab"
	for name, c := range map[string]struct {
		mail []byte
		want Notice
	}{
		"a fax": {faxMail("Fax from +1 (207) 555-0100, 3 pages", "CSID: LAKESIDE CARDIO\r\n", tiff),
			Notice{Kind: Received, ID: "<1@gw.example>", From: "+12075550100", Station: "LAKESIDE CARDIO", Pages: 3, File: []byte(tiff), Name: "../fax.tif"}},
		"no fax":    {faxMail("Your invoice", "Thank you", ""), Notice{Kind: Other, ID: "<1@gw.example>"}},
		"done":      {faxMail("Fax "+ours+" was sent successfully", "5 of 5 pages", tiff), Notice{Kind: Status, ID: "<1@gw.example>", Reference: ours, State: Done, Pages: 5}},
		"half":      {faxMail("Fax "+ours+"_2 delivered", "2 of 5 pages", ""), Notice{Kind: Status, ID: "<1@gw.example>", Reference: ours + "_2", State: Failed, Cause: "partial", Pages: 2}},
		"busy":      {faxMail("Fax "+ours+" failed", "The line was busy.", ""), Notice{Kind: Status, ID: "<1@gw.example>", Reference: ours, State: Failed, Cause: "busy"}},
		"no cause":  {faxMail("Fax "+ours+" failed", "Sorry for that, there are many words here that say nothing.", ""), Notice{Kind: Status, ID: "<1@gw.example>", Reference: ours, State: Failed, Cause: "failed"}},
		"says none": {faxMail("Fax "+ours, "queued", ""), Notice{Kind: Status, ID: "<1@gw.example>", Reference: ours, State: Waiting}},
	} {
		got, from, err := ParseMail(c.mail, Patterns{}, Limits{})
		if d := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Notice{})); err != nil || from != "faxes@gw.example" || d != "" {
			t.Errorf("%s: got %s, %v (-want +got):\n%s", name, from, err, d)
		}
	}
	cut := faxMail("Fax", "x", strings.Repeat(tiff, 20))
	if _, _, err := ParseMail(cut[:len(cut)-300], Patterns{}, Limits{}); err == nil {
		t.Error("cut in the attachment: got no error, want one")
	}
	if _, _, err := ParseMail(faxMail("Fax", "x", strings.Repeat(tiff, 20)), Patterns{}, Limits{File: 50}); err == nil {
		t.Error("large attachment: got no error, want one")
	}
}

func FuzzParse(f *testing.F) {
	multi, body := form(f, tiff, "id", "1", "fax", `{"from": "+1 207"}`)
	f.Add(multi, body)
	f.Add("application/json", []byte(`{"data":{"payload":{"fax":{"file":"SUkqAA=="}}}}`))
	f.Add("application/x-www-form-urlencoded", []byte("a=b&status=sent&reference=x"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		n, err := Parse(contentType, body, Limits{File: 1 << 20})
		check(t, n, err)
	})
}

func FuzzParseMail(f *testing.F) {
	f.Add(faxMail("Fax from 207-555-0100", "3 pages", tiff))
	if b, err := os.ReadFile("../../../testdata/fax/d-030.tif"); err == nil {
		f.Add(faxMail("Fax", "", string(b)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, _, err := ParseMail(b, Patterns{}, Limits{File: 1 << 20})
		check(t, n, err)
	})
}

func check(t *testing.T, n Notice, err error) {
	t.Helper()
	if err != nil && fmt.Sprint(n) != fmt.Sprint(Notice{}) {
		t.Fatal("a notice beside an error")
	}
	if len(n.File) > 1<<20 || len([]rune(n.ID)) > 64 || n.Pages < 0 || len(n.Cause) > maxWord || Number(n.From) != n.From {
		t.Fatalf("got a notice out of its limits: %d bytes, %q", len(n.File), n.Cause)
	}
}
