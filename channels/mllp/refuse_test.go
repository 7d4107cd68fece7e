package mllp

import (
	"strings"
	"testing"

	"refloop/hl7"
)

// An answer to a message of ours is answered by a commit at most, and when it asks for one.
func TestServerNeverAnswersAResponse(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	orr := func(id, modes string) string {
		return frame(`MSH|^~\&|A|B|C|D|2026||ORR^O02|` + id + "|P|2.3|||" + modes + "\rMSA|AA|OUT1\r")
	}
	p.write(orr("1", "") + orr("2", "AL|AL") + orr("3", "NE|AL") + frame(ref("4")))
	for _, want := range []string{"CA 2", "AA 4"} {
		if got := p.answer(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// What cannot be a message is told why: other bytes than text, or a start block in the middle of it.
func TestServerSaysWhyItIsNoMessage(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	utf16 := "\xff\xfe"
	for _, c := range ref("1") {
		utf16 += string(byte(c)) + "\x00"
	}
	p.write(frame(strings.ReplaceAll(utf16, "\x0b", "")) + frame(strings.TrimSuffix(ref("2"), "\r")+"\rNTE|1||line\x0bnext line\r"))
	for _, want := range []string{"send it as UTF-8", "a start block (0x0B) within the frame"} {
		f, err := p.r.Next()
		if err != nil {
			t.Fatal(err)
		}
		info, err := hl7.ParseAck(f.Message, hl7.Limits{})
		if err != nil || info.Code != "AR" || len(info.Problems) != 1 || !strings.Contains(info.Problems[0].Text, want) {
			t.Errorf("got %q, want AR that says %q", f.Message, want)
		}
	}
}
