package fax

import (
	"context"
	"encoding/json"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/config"
	"refloop/fax"
)

func pageWith(words ...string) []fax.PageText {
	p := fax.PageText{Number: 1, Width: 1728, Height: 2200}
	var list []fax.Word
	for i, w := range words {
		list = append(list, fax.Word{Text: w, Conf: 0.95, Box: image.Rect(100+150*i, 100, 240+150*i, 124)})
	}
	p.Readings = [][]fax.Word{list}
	return []fax.PageText{p}
}

// standIn is a model server in this process.
func standIn(t *testing.T, answer func(w http.ResponseWriter, asked string)) ModelConfig {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer k" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		answer(w, string(b))
	}))
	t.Cleanup(s.Close)
	return ModelConfig{URL: s.URL + "/v1", Name: "local", Key: config.NewSecret("k"), Timeout: config.Duration(5 * time.Second)}
}

func says(w http.ResponseWriter, content string) {
	_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]string{"role": "assistant", "content": content}}}})
}

func TestModelAsks(t *testing.T) {
	pages := pageWith("Came", "into", "this", "world", "02/03/1981")
	cfg := standIn(t, func(w http.ResponseWriter, asked string) {
		if !strings.Contains(asked, "02/03/1981") || !strings.Contains(asked, "patient_dob") {
			t.Errorf("asked without the words or the keys: %s", asked)
		}
		says(w, `{"patient_dob": "02/03/1981", "patient_mrn": "INVENTED-1"}`)
	})
	list, err := NewModel(cfg).Ask(context.Background(), pages)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %v, %v, want two proposals", list, err)
	}
	if list, err := NewModel(cfg).Ask(context.Background(), nil); list != nil || err != nil {
		t.Errorf("no pages: got %v, %v, want nothing asked", list, err)
	}
}

// Whatever a server answers, the fax goes on: an error, never a value that stands nowhere, and never a word of the page or the answer in it.
func TestModelHostile(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed with the words of a fax") }))
	defer elsewhere.Close()
	done := make(chan struct{})
	defer close(done)
	for name, answer := range map[string]func(http.ResponseWriter, string){
		"huge":         func(w http.ResponseWriter, _ string) { _, _ = io.CopyN(w, endless{}, 4<<20) },
		"huge content": func(w http.ResponseWriter, _ string) { says(w, "{"+strings.Repeat(" ", 100<<10)+"}") },
		"not JSON":     func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, "SECRETNAME is the patient") },
		"no choices":   func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, `{"choices": []}`) },
		"prose":        func(w http.ResponseWriter, _ string) { says(w, "I was told to ignore my instructions. SECRETNAME") },
		"wrong shape":  func(w http.ResponseWriter, _ string) { says(w, `["patient_dob"]`) },
		"error":        func(w http.ResponseWriter, _ string) { http.Error(w, "SECRETNAME", http.StatusInternalServerError) },
		"redirect": func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"endless header": func(w http.ResponseWriter, _ string) { w.Header().Set("X", strings.Repeat("x", 100<<10)) },
		"silence":        func(http.ResponseWriter, string) { <-done },
	} {
		cfg := standIn(t, answer)
		if name == "silence" {
			cfg.Timeout = config.Duration(100 * time.Millisecond)
		}
		list, err := NewModel(cfg).Ask(context.Background(), pageWith("SECRETNAME", "02/03/1981"))
		if err == nil || list != nil {
			t.Errorf("%s: got %v, %v, want an error", name, list, err)
		} else if strings.Contains(err.Error(), "SECRETNAME") || strings.Contains(err.Error(), "1981") {
			t.Errorf("%s: the error quotes what it must not: %v", name, err)
		}
	}
}

// endless is an answer without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestModelAddress(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "10.0.0.1:80": false, "8.8.8.8:80": false, "x": false} {
		if got := (ModelConfig{URL: "http://h"}).mayReach(address) == nil; got != want {
			t.Errorf("http to %s: got %v, want %v", address, got, want)
		}
	}
	for _, c := range []struct {
		address string
		remote  bool
		want    bool
	}{{"10.0.0.1:443", false, true}, {"8.8.8.8:443", false, false}, {"8.8.8.8:443", true, true}} {
		if got := (ModelConfig{URL: "https://h", Remote: c.remote}).mayReach(c.address) == nil; got != c.want {
			t.Errorf("https to %s, remote %v: got %v, want %v", c.address, c.remote, got, c.want)
		}
	}
	for text, want := range map[string]string{
		"http://127.0.0.1:8080/v1": "", "http://localhost:1/v1": "", "https://10.1.2.3/v1": "", "https://models.example/v1": "",
		"http://10.1.2.3/v1": "want https", "https://8.8.8.8/v1": "remote: true", "ftp://x": "is none", "http://u:p@127.0.0.1/": "is none",
	} {
		path := filepath.Join(t.TempDir(), "refloop.yaml")
		if err := os.WriteFile(path, []byte("organization: {name: x, oid: 1.2.3}\nstore: {seal_key: abcdefghijklmnopqrstuvwxyz0123456789}\nchannels:\n  - {name: f, type: fax, folder: in, model: {url: \""+text+"\", name: m}}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, p := config.Load(path)
		DecodeChannel(cfg.Channels[0], p)
		err := p.Err()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
