package cms

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestNormalize(t *testing.T) {
	for _, tc := range []struct {
		name     string
		in, want string
		err      error
	}{
		{"definite stays", "\x30\x03\x02\x01\x05", "\x30\x03\x02\x01\x05", nil},
		{"indefinite", "\x30\x80\x02\x01\x05\x00\x00", "\x30\x03\x02\x01\x05", nil},
		{"indefinite in indefinite", "\x30\x80\xa0\x80\x02\x01\x05\x00\x00\x00\x00", "\x30\x05\xa0\x03\x02\x01\x05", nil},
		{"indefinite in definite", "\x30\x07\xa0\x80\x02\x01\x05\x00\x00", "\x30\x05\xa0\x03\x02\x01\x05", nil},
		{"long form of a short length", "\x30\x81\x03\x02\x01\x05", "\x30\x03\x02\x01\x05", nil},
		{"constructed octet string", "\x24\x80\x04\x01a\x04\x02bc\x00\x00", "\x04\x03abc", nil},
		{"octet string in pieces of pieces", "\x24\x80\x24\x80\x04\x01a\x00\x00\x04\x01b\x00\x00", "\x04\x02ab", nil},
		{"empty constructed octet string", "\x30\x02\x24\x00", "\x30\x02\x04\x00", nil},
		{"zeros inside a primitive", "\x04\x02\x00\x00", "\x04\x02\x00\x00", nil},
		{"nothing", "", "", ErrMalformed},
		{"one byte", "\x30", "", ErrMalformed},
		{"no end of contents", "\x30\x80\x02\x01\x05", "", ErrMalformed},
		{"half an end of contents", "\x30\x80\x02\x01\x05\x00", "", ErrMalformed},
		{"end of contents in definite", "\x30\x02\x00\x00", "", ErrMalformed},
		{"child past its parent", "\x30\x03\x04\x05abc", "", ErrMalformed},
		{"indefinite past its parent", "\x30\x04\xa0\x80\x04\x01a\x00\x00", "", ErrMalformed},
		{"indefinite primitive", "\x04\x80\x00\x00", "", ErrMalformed},
		{"other tag in an octet string", "\x24\x80\x02\x01\x05\x00\x00", "", ErrMalformed},
		{"bytes after the end", "\x30\x00\x00", "", ErrMalformed},
		{"length of five octets", "\x30\x85\x01\x00\x00\x00\x00", "", ErrMalformed},
		{"length above 2 GiB", "\x30\x84\xff\xff\xff\xff", "", ErrMalformed},
		{"high tag number", "\x3f\x81\x01\x00", "", ErrUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Normalize([]byte(tc.in), Limits{})
			if !errors.Is(err, tc.err) || (err != nil) != (tc.err != nil) {
				t.Fatalf("error: got %v, want %v", err, tc.err)
			}
			if string(got) != tc.want {
				t.Fatalf("got % x, want % x", got, tc.want)
			}
		})
	}
}

// The stack overflow that kills recursive readers: an indefinite sequence in itself, two million times.
func TestNormalizeHostile(t *testing.T) {
	nested := bytes.Repeat([]byte{0x30, 0x80}, 2<<20)
	octets := bytes.Repeat([]byte{0x24, 0x80}, 2<<20)
	small := append([]byte{0x30, 0x80}, bytes.Repeat([]byte{0x05, 0x00}, 2<<20)...)
	for name, b := range map[string][]byte{"nested": nested, "nested octets": octets, "many": small} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := Normalize(b, Limits{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrLimit) {
				t.Fatalf("got %v, want ErrLimit", err)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
				t.Errorf("allocated %d bytes for a refusal", grown)
			}
			if took > 5*time.Second {
				t.Errorf("took %v for a refusal", took)
			}
			for _, parse := range []func() error{
				func() error { _, err := ParseSigned(b, Limits{}); return err },
				func() error { _, err := ParseEnveloped(b, Limits{}); return err },
			} {
				if err := parse(); !errors.Is(err, ErrLimit) {
					t.Errorf("parse: got %v, want ErrLimit", err)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	signed, env := read(t, "good-detached-sha256.p7s"), read(t, "good-v15-two.p7m")
	for name, lim := range map[string]Limits{
		"bytes": {Bytes: 100}, "depth": {Depth: 3}, "elements": {Elements: 10}, "certificates": {Certificates: 1}, "recipients": {Recipients: 1},
	} {
		_, errSigned := ParseSigned(signed, lim)
		_, errEnv := ParseEnveloped(env, lim)
		if !errors.Is(errSigned, ErrLimit) && !errors.Is(errEnv, ErrLimit) {
			if name == "certificates" { // the fixture carries one: two are over
				continue
			}
			t.Errorf("%s: got %v and %v, want ErrLimit", name, errSigned, errEnv)
		}
	}
	if _, err := ParseSigned(read(t, "certs-only.p7b"), Limits{Certificates: 1}); !errors.Is(err, ErrLimit) {
		t.Errorf("two certificates: got %v, want ErrLimit", err)
	}
}
