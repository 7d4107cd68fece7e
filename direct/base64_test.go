package direct

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
)

// What we write, the standard library reads, and the other way round, for every length around a line.
func TestBase64LikeTheLibrary(t *testing.T) {
	for n := range 400 {
		body := make([]byte, n)
		_, _ = rand.Read(body)
		got := string(appendBase64(nil, body))
		for line := range strings.SplitSeq(strings.TrimSuffix(got, "\r\n"), "\r\n") {
			if len(line) > lineLetters {
				t.Fatalf("%d octets: a line of %d letters", n, len(line))
			}
		}
		if want := base64.StdEncoding.EncodeToString(body); strings.ReplaceAll(got, "\r\n", "") != want || len(got) > base64Size(n) {
			t.Fatalf("%d octets: got %d letters", n, len(got))
		}
		if back, err := decodeBase64([]byte(got)); err != nil || !bytes.Equal(back, body) {
			t.Fatalf("%d octets: read back %d, %v", n, len(back), err)
		}
	}
}

// FuzzBase64: whatever comes, we read what the standard library reads without the white space, and nothing else.
func FuzzBase64(f *testing.F) {
	f.Add([]byte("aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8=\r\n"))
	f.Add([]byte(" a\tG\nV\rs bG8= "))
	f.Add([]byte("aGVsbG8=aGVs"))
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		got, err := decodeBase64(b)
		bare := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(string(b))
		want, wantErr := base64.StdEncoding.DecodeString(bare)
		if (err != nil) != (wantErr != nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("got %d octets, %v; the library %d, %v", len(got), err, len(want), wantErr)
		}
		if !bytes.Equal(kept, b) {
			t.Fatal("the input was changed")
		}
	})
}
