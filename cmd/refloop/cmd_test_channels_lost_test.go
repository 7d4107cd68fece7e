package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLostSamples: samples that no channel has and results without a sample fail, and stop nothing else.
func TestLostSamples(t *testing.T) {
	dir := t.TempDir()
	sample, err := os.ReadFile("../../testdata/hl7/own/ref-i12.hl7")
	if err != nil {
		t.Fatal(err)
	}
	config := checkedHead + "channels:\n  - {name: ehr, type: mllp, listen: \"127.0.0.1:2575\"}\n"
	for name, body := range map[string]string{
		"refloop.yaml": config, "seal.key": strings.Repeat("k", 44), "ehr.tests/one.hl7": string(sample), "ehr.tests/gone.want.json": "{}", "ehr.tests/other.xyz": "", "nochan.tests/two.hl7": string(sample),
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	code := run([]string{"test", "-c", filepath.Join(dir, "refloop.yaml"), "--update"}, strings.NewReader(""), &out, &out)
	got := strings.ReplaceAll(out.String(), dir+"/", "")
	if code != exitFailed {
		t.Errorf("got exit code %d, want %d", code, exitFailed)
	}
	for _, want := range []string{
		"FAIL  nochan.tests: got samples of channel \"nochan\", which does not exist", "FAIL  ehr.tests/gone.want.json: got no sample beside it, want gone.hl7",
		"FAIL  ehr.tests/other.xyz: got a file that is no sample", "ok    ehr/one", "1 samples, 0 failed; 3 folders or files are no samples",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}
