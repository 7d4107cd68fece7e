package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kindsPlan = `
demo: true
organization: {name: South, oid: 2.16.840.1.113883.3.72.5.9.2}
store: {url: "sqlite:x.db", seal_key: {file: seal.key}}
direct:
  address: referrals@direct.south.example
  identities: [{domain: direct.south.example, certificate: direct.crt, key: direct.key}]
  anchors: [{domain: "*", inbound: [anchors], outbound: [anchors]}]
console: {listen: "127.0.0.1:0"}
channels:
  - {name: drop, type: file, folder: in}
  - {name: mail, type: direct, listen: "127.0.0.1:0"}
  - {name: faxes, type: fax, folder: faxes}
partners:
  - {id: north, name: North, clinicians: [{name: "Alex Morgan MD", npi: "1487654307", direct: alex@direct.north.example}], rails: [{type: direct, address: alex@direct.north.example}]}
  - {id: chart, own: true, rails: [{type: file, folder: out}]}
`

// TestSamplesOfOtherChannels: documents, packages, mails and faxes stand beside their channels as HL7 messages do.
func TestSamplesOfOtherChannels(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) []byte {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	try := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(append(args, "-c", filepath.Join(dir, "refloop.yaml")), strings.NewReader(""), &out, &errs); code != want {
			t.Fatalf("%v: got exit code %d, want %d\n%s%s", args, code, want, &out, &errs)
		}
		return out.String() + errs.String()
	}
	note := read("../../testdata/ccda/hl7-referral-note-r20.xml")
	put("refloop.yaml", []byte(kindsPlan))
	put("drop.tests/note.xml", note)
	put("mail.tests/package.zip", read("../../testdata/xdm/C32_Sample1_in_XDM.zip"))
	put("mail.tests/alone.eml", []byte("From: alex@direct.north.example\r\nTo: referrals@direct.south.example\r\nMessage-ID: <1@direct.north.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/xml; name=\"note.xml\"\r\nContent-Disposition: attachment; filename=\"note.xml\"\r\n\r\n"+string(note)))
	put("faxes.tests/page.tif", read("../../testdata/fax/d-001.tif"))

	if got := try(exitFailed, "test"); !strings.Contains(got, "note.want.json is missing") || !strings.Contains(got, "4 samples, 4 failed") {
		t.Errorf("without results: got %s", got)
	}
	put("faxes.tests/page.words.json", []byte(`{"version":1,"pages":[{"number":1,"Width":1728,"Height":2292}]}`)) // nothing could be read
	try(exitDone, "test", "--update")
	if got := try(exitDone, "test"); !strings.Contains(got, "4 samples, 0 failed") {
		t.Errorf("got %s", got)
	}
	for name, want := range map[string]string{"drop.tests/note": `"event": "request"`, "mail.tests/alone": `"partner": "north"`, "mail.tests/package": "its document names no referral", "faxes.tests/page": "not like a referral"} {
		if got := string(read(filepath.Join(dir, filepath.FromSlash(name)+wantEnd))); !strings.Contains(got, want) {
			t.Errorf("%s: want %s in\n%s", name, want, got)
		}
	}
	put("drop.tests/note.want.json", bytes.Replace(read(filepath.Join(dir, "drop.tests", "note.want.json")), []byte(`"event": "request"`), []byte(`"event": "report"`), 1))
	if got := try(exitFailed, "test", "--channel", "drop"); !strings.Contains(got, `events[0].event: got "request", want "report"`) {
		t.Errorf("a difference: got %s", got)
	}
	for file, want := range map[string]string{"drop.tests/note.xml": "refloop ccda read", "mail.tests/package.zip": "refloop xdm unpack", "mail.tests/alone.eml": "refloop direct inspect", "faxes.tests/page.tif": "refloop fax read"} {
		channel, _, _ := strings.Cut(file, ".")
		if got := try(exitUsage, "trace", filepath.Join(dir, filepath.FromSlash(file)), "--channel", channel); !strings.Contains(got, want) {
			t.Errorf("trace %s: got %s", file, got)
		}
	}
	put("faxes.tests/note.docx", []byte("x"))
	if got := try(exitFailed, "test"); !strings.Contains(got, "want one of .tif .tiff .pdf .png .jpg") {
		t.Errorf("a file that is no sample: got %s", got)
	}
}
