package direct

import (
	"archive/zip"
	"bytes"
	"testing"
)

func newZip(b *bytes.Buffer) *zip.Writer { return zip.NewWriter(b) }

func zipOf(t testing.TB, name string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	must(t, err)
	_, err = f.Write(body)
	must(t, err)
	must(t, z.Close())
	return b.Bytes()
}
