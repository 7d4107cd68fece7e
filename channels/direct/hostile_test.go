package direct

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/direct"
)

// sealed makes mail of a trusted partner around any inner message.
func sealed(t testing.TB, w world, inner string) channels.Archived {
	t.Helper()
	signer, err := w.lake.agent.Trust.Signing(lake)
	must(t, err)
	v, err := direct.SelectRecipient(north, w.lake.agent.Trust.Certificates(north), w.lake.agent.Trust.Outbound(lake, time.Now()))
	must(t, err)
	body, err := direct.Seal(rand.Reader, []byte(inner), signer, v.Certificate, direct.SealOptions{Seed: "s"})
	must(t, err)
	return channels.Archived{Sender: lake, Recipient: north, ReceivedAt: time.Now(), Body: body}
}

const innerHead = "From: <" + lake + ">\r\nTo: <" + north + ">\r\nMessage-ID: <h@direct.lakeside.example>\r\n"

// A trusted partner may still send what would hurt: it ends refused or as one opaque part, within limits.
func TestHostileContent(t *testing.T) {
	w := newWorld(t)
	var nest strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&nest, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	bomb := func(entries int, size int) string {
		var b bytes.Buffer
		zw := newZip(&b)
		for i := range entries {
			f, err := zw.Create(fmt.Sprintf("IHE_XDM/SUBSET01/F%d.XML", i))
			must(t, err)
			_, err = io.CopyN(f, zeros{}, int64(size))
			must(t, err)
		}
		must(t, zw.Close())
		d := direct.Draft{From: lake, To: []string{north}, Date: time.Now(), MessageID: "<h@direct.lakeside.example>", Files: []direct.File{{Name: "x.zip", Body: b.Bytes()}}}
		inner, err := direct.Compose(d)
		must(t, err)
		return string(inner)
	}
	for name, tc := range map[string]struct{ inner, refused string }{
		"nested MIME":    {innerHead + nest.String(), reasonLimit},
		"many parts":     {innerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 3000) + "--b--\r\n", reasonLimit},
		"two senders":    {"From: <" + lake + ">, <" + evil + ">\r\nTo: <" + north + ">\r\n\r\nx", reasonMalformed},
		"two From lines": {"From: <" + lake + ">\r\nFrom: <" + lake + ">\r\nTo: <" + north + ">\r\n\r\nx", reasonMalformed},
		"large bomb":     {bomb(1, 60<<20), ""},
		"many files":     {bomb(2000, 10), ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := sealed(t, w, tc.inner)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, o := judgeAndOpen(t, w.north, a)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if o.Refused != tc.refused {
				t.Fatalf("refused: got %q, want %q", o.Refused, tc.refused)
			}
			if tc.refused == "" && (len(o.Parts) != 1 || o.Parts[0].Kind != channels.KindOther || len(o.Warnings) == 0) {
				t.Errorf("got %d parts, %q", len(o.Parts), o.Warnings)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 200<<20 || took > 10*time.Second {
				t.Errorf("cost %d bytes and %v", grown, took)
			}
		})
	}
}

// Nothing that stands in a message gets into a reason or a warning.
func TestNoContentInWords(t *testing.T) {
	w := newWorld(t)
	const secret = "Zebulon-Testperson"
	for _, inner := range []string{
		innerHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + secret + "\r\n\r\nx\r\n--b--\r\n",
		innerHead + "Content-Transfer-Encoding: " + secret + "\r\n\r\nx",
		innerHead + "Content-Type: text/plain; charset=" + secret + "\r\n\r\nx",
		innerHead + "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; " + lake + "\r\nOriginal-Message-ID: <a@b.example>\r\nDisposition: x/y; " + secret + "\r\n--b--\r\n",
	} {
		_, o := judgeAndOpen(t, w.north, sealed(t, w, inner))
		words := o.Refused + fmt.Sprint(o.Warnings)
		for _, r := range o.Receipts {
			words += r.Text + r.Code
		}
		if strings.Contains(strings.ToLower(words), "zebulon-testperson") {
			t.Errorf("got %q", words)
		}
	}
}

// FuzzOpen: whatever stands in evidence and body, Open does not panic and takes nothing untrusted.
func FuzzOpen(f *testing.F) {
	w := newWorld(f)
	a := sealed(f, w, innerHead+"\r\nhello\r\n")
	ev, err := w.north.agent.Prepare(context.Background(), a)
	must(f, err)
	f.Add(a.Body, ev)
	f.Add([]byte("From: x\r\n\r\n"), []byte(`{"version":1,"relay":true}`))
	f.Fuzz(func(t *testing.T, body, evidence []byte) {
		in := channels.Archived{Sender: lake, Recipient: north, Body: body, Evidence: evidence, ReceivedAt: time.Now()}
		o, err := w.north.agent.Open(in)
		if err != nil && (o.Parts != nil || o.Receipts != nil) {
			t.Fatal("parts beside an error")
		}
		w.north.agent.Notices(in, o, channels.Outcome{State: "processed"})
		in.Evidence, err = w.north.agent.Prepare(context.Background(), in)
		must(t, err)
		if o, err := w.north.agent.Open(in); err != nil || o.Refused == "" && !bytes.Equal(body, a.Body) && o.Sender != lake {
			t.Fatalf("taken without trust: %v", err)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
