package mllp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"refloop/hl7"
)

// codesIn are the MSA-1 of the answers to one message: CA AE.
func codesIn(x Exchange) string {
	var out []string
	for _, a := range x.Answers {
		out = append(out, a.Info.Code)
	}
	return strings.Join(out, " ")
}

// msa is an answer with these codes, framed, each in a message of its own.
func msa(about string, codes ...string) string {
	var out string
	for _, c := range codes {
		out += frame("MSH|^~\\&|R||S||20261102||ACK^I12|A" + c + "|P|2.5.1\rMSA|" + c + "|" + about + "\r")
	}
	return out
}

// TestSendFileWaitsForWhatIsDue: MSH-15 and MSH-16 say which answers come; each of them is given, and silence counts by what was asked for.
func TestSendFileWaitsForWhatIsDue(t *testing.T) {
	for _, c := range []struct {
		name   string
		asks   []string
		codes  []string
		want   string
		silent bool // an answer that is due is missing
	}{
		{"original", nil, []string{"AE"}, "AE", false},
		{"original mode, answered by a commit", nil, []string{"CA"}, "CA", false},
		{"both", []string{"AL", "AL"}, []string{"CA", "AE"}, "CA AE", false},
		{"an error alone", []string{"AL", "ER"}, []string{"CA", "AE"}, "CA AE", false},
		{"no error", []string{"AL", "ER"}, []string{"CA"}, "CA", false},
		{"no commit without an error", []string{"ER", "NE"}, nil, "", false},
		{"a commit of an error", []string{"ER", "AL"}, []string{"CE"}, "CE", false},
		{"success only", []string{"SU", "NE"}, nil, "", true},
		{"success of the application only", []string{"AL", "SU"}, []string{"CA"}, "CA", true},
		{"no commit, the application", []string{"NE", "AL"}, []string{"AR"}, "AR", false},
		{"the application does not speak", []string{"AL", "AL"}, []string{"CA"}, "CA", true},
		{"the application speaks at once", []string{"AL", "AL"}, []string{"AA"}, "AA", false},
		{"nothing", []string{"NE", "NE"}, nil, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer := scripted(t, func(_, _ int, m *hl7.Message) (string, bool) { return msa(m.ControlID(), c.codes...), false })
			cfg := SendConfig{Address: peer.addr, Timeout: 10 * time.Second, Grace: 10 * time.Second}
			if c.silent || c.codes == nil || c.name == "no error" {
				cfg.Timeout, cfg.Grace = 30*time.Millisecond, 10*time.Millisecond // these wait to the end
			}
			got := "nothing was given"
			err := SendFile(context.Background(), cfg, []byte(ref("D1", c.asks...)), func(x Exchange) error {
				got = codesIn(x)
				return nil
			})
			if errors.Is(err, ErrNoAnswer) != c.silent || !c.silent && err != nil {
				t.Errorf("got %v", err)
			}
			if c.silent && c.want == "" {
				c.want = "nothing was given"
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSendFileOfAnswers: an acknowledgement is never acknowledged.
func TestSendFileOfAnswers(t *testing.T) {
	peer := scripted(t, func(int, int, *hl7.Message) (string, bool) { return "", false })
	calls := 0
	ack := "MSH|^~\\&|R||S||20261102||ACK^I12|A1|P|2.5.1\rMSA|AA|1\r"
	if err := SendFile(context.Background(), SendConfig{Address: peer.addr, Timeout: time.Minute}, []byte(ack), func(Exchange) error { calls++; return nil }); err != nil || calls != 1 {
		t.Errorf("got %v, %d calls", err, calls)
	}
}

// TestWhatCameInstead: an answer that is none to the message is told from silence.
func TestWhatCameInstead(t *testing.T) {
	for _, c := range []struct{ name, wire, want string }{
		{"another", msa("OTHER", "AA"), "an answer (AA) to another message"},
		{"empty MSA-2", msa("", "AA"), "MSA-2 is empty"},
		{"no MSA", frame("MSH|^~\\&|R||S||20261102||ACK^I12|A1|P|2.5.1\r"), "a message without MSA"},
		{"no frame", "MSH|^~\\&|R||S||20261102||ACK^I12|A1|P|2.5.1\rMSA|AA|D1\r", "bytes came that are no whole MLLP frame"},
		{"two", msa("OTHER", "AA", "AE"), "2 messages came that do not answer it, the last is an answer (AE)"},
	} {
		// the peer closes after it: the end of the connection is when it is told
		peer := scripted(t, func(int, int, *hl7.Message) (string, bool) { return c.wire, true })
		err := SendFile(context.Background(), SendConfig{Address: peer.addr, Timeout: 10 * time.Second}, []byte(ref("D1")), func(Exchange) error { return nil })
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "OTHER") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
