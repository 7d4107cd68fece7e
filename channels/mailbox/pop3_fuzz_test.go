package mailbox

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzPOP3 reads answers of a POP3 server: no panic, within the limits, and a mail that was read is the same when it is sent again.
func FuzzPOP3(f *testing.F) {
	for _, s := range []string{
		"+OK ready\r\n", "-ERR [AUTH] no\r\n", "+OK\r\n1 abc\r\n2 def\r\n.\r\n", "+OK\r\nSubject: x\r\n\r\n..dot\r\n.\r\n", "+OK\n.\n", "+OK\r\n.", "+ok\r\n" + "1 " + "x\x00\r\n.\r\n",
		"-ERR [SYS/TEMP] later\r\n", "\r\n", "",
	} {
		f.Add([]byte(s))
	}
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newPOPReader(bytes.NewReader(b))
		if _, err := r.status(); err == nil {
			n := 0
			_ = r.list(100, func(l string) error {
				n++
				if num, rest, err := numbered(l); err == nil && (num <= 0 || num > maxListed || uniqueID(rest) && len(rest) > maxUIDL) {
					t.Fatalf("got number %d", num)
				}
				return nil
			})
			if n > 100 {
				t.Fatalf("got %d lines, want at most 100", n)
			}
		}
		body, err := newPOPReader(bytes.NewReader(b)).body(limit)
		switch {
		case err != nil && body != nil:
			t.Fatal("got a body and an error")
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTooLong):
			t.Fatalf("got %v", err)
		case err != nil:
			return
		case len(body) > limit:
			t.Fatalf("got %d bytes, want at most %d", len(body), limit)
		}
		again, err := newPOPReader(bytes.NewReader(stuffed(body))).body(limit)
		if err != nil || !bytes.Equal(again, body) {
			t.Fatalf("a mail of %d bytes came back with %d (%v)", len(body), len(again), err)
		}
	})
}

// stuffed is a mail as a server sends it.
func stuffed(body []byte) []byte {
	var out []byte
	for line := range bytes.SplitAfterSeq(body, []byte("\n")) {
		if bytes.HasPrefix(line, []byte(".")) {
			out = append(out, '.')
		}
		out = append(out, line...)
	}
	return append(out, ".\r\n"...)
}
