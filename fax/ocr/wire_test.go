package ocr

import (
	"bytes"
	"errors"
	"image"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRequestRoundTrip(t *testing.T) {
	want := Request{Width: 5, Height: 4, DPI: 204, Modes: []int{3, 6}, Allow: "0123", Pix: []byte("abcdefghijklmnopqrst")}
	var b bytes.Buffer
	if err := writeRequest(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := readRequest(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := readRequest(&b); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF between frames", err)
	}
}

func FuzzReadRequest(f *testing.F) {
	var b bytes.Buffer
	_ = writeRequest(&b, Request{Width: 4, Height: 3, Modes: []int{6}, Pix: make([]byte, 12)})
	f.Add(b.Bytes())
	f.Add([]byte("RLP\x01\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := readRequest(bytes.NewReader(in))
		if err != nil {
			if r.Pix != nil || r.Width != 0 {
				t.Fatal("a request and an error")
			}
			return
		}
		var out bytes.Buffer
		if err := writeRequest(&out, r); err != nil {
			t.Fatal(err)
		}
		again, err := readRequest(&out)
		if err != nil || !cmp.Equal(r, again) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func FuzzReadReply(f *testing.F) {
	req := Request{Width: 40, Height: 30}
	var b bytes.Buffer
	_ = writeFrame(&b, kindReply, replyHeader{Readings: [][]Word{{{Text: "x", Conf: 0.5, Box: image.Rect(1, 1, 5, 5)}}}}, nil)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		r, _, err := readReply(bytes.NewReader(in), req)
		if err != nil && r.Readings != nil {
			t.Fatal("a reply and an error")
		}
		for _, words := range r.Readings {
			for _, w := range words {
				if w.Conf < 0 || w.Conf > 1 || !w.Box.In(image.Rect(0, 0, 40, 30)) && !w.Box.Empty() {
					t.Fatalf("word out of bounds: %v", w.Box)
				}
			}
		}
	})
}
