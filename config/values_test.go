package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "1h30m": 90 * time.Minute, "400d": 400 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1d12h": 36 * time.Hour,
		"1w1d": 8 * 24 * time.Hour, "250ms": 250 * time.Millisecond, "0": 0, "0s": 0, "1.5h": 90 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got.D() != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "-1s", "+1s", "d", "1d-1h", "1.5d", "106752d", "9999999999999999999d", "1h1d", "1x", " 1s", "d1", "1d0"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
	for d, want := range map[time.Duration]string{90 * time.Minute: "1h30m", 48 * time.Hour: "2d", time.Hour: "1h", 0: "0s", 30 * time.Second: "30s"} {
		if got := Duration(d).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "d"))
		if got, err := ParseDuration(d.String()); err != nil || got != d {
			t.Fatalf("%s: got %v, %v", d, got, err)
		}
	})
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{"512B": 512, "64KiB": 64 << 10, "8MiB": 8 << 20, "2 GiB": 2 << 30, "1TiB": 1 << 40, "0B": 0} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "8", "8MB", "8 mib", "-1B", "1.5MiB", "8388608TiB", "99999999999999999999B", "MiB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: got %v, want it refused", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Size(rapid.Int64Range(0, math.MaxInt64).Draw(t, "s"))
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Fatalf("%s: got %v, %v", s, got, err)
		}
	})
}

func TestSecretsNeverPrint(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "x.yaml", "seal_key: {file: key}\nother: hunter2\n")
	write(t, dir, "key", "hunter2\r\n")
	p := &Problems{}
	s := &set{}
	b, err := s.read(path, MaxFileBytes)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Key   Secret            `yaml:"seal_key"`
		Other Secret            `yaml:"other"`
		None  Secret            `yaml:"none"`
		Map   map[string]Secret `yaml:"map"`
		Node  Node              `yaml:"."`
	}
	s.parse(path, b, p).Decode(&got, "", p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if got.Key.Reveal() != "hunter2" || got.Other.Reveal() != "hunter2" || got.Key.File() == "" || !got.Key.Set() || got.None.Set() || got.None.String() != "" {
		t.Errorf("got %+v", got)
	}
	var out bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&out, format, got)
		fmt.Fprintf(&out, format, got.Key)
		fmt.Fprintf(&out, format, &got.Key)
		fmt.Fprintf(&out, format, []Secret{got.Key})
	}
	j, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "key", got.Key, "all", got)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "key", got.Key, "all", got)
	fmt.Fprint(&out, File{Name: path, Bytes: b}, []File{{Name: path, Bytes: b}})
	for _, hidden := range []string{"hunter2", "68756e74657232", fmt.Sprint([]byte("hunter2"))[1:20]} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("a secret came out as %q in %s", hidden, out.String())
		}
	}
	if !strings.Contains(out.String(), "<secret>") {
		t.Errorf("got %s", out.String())
	}
}

func TestNumbersOfTheField(t *testing.T) {
	for npi, want := range map[string]bool{"1234567893": true, "1992999825": true, "1245319599": true, "1234567890": false, "123456789": false, "12345678x3": false, "": false} {
		if ValidNPI(npi) != want {
			t.Errorf("%q: got %v", npi, !want)
		}
	}
	for oid, want := range map[string]bool{"2.16.840.1.113883": true, "1.2": true, "0.9": true, "3.1": false, "1": false, "1..2": false, "1.02": false, "1.a": false, "": false,
		"2." + strings.Repeat("1", 63): false} {
		if ValidOID(oid) != want {
			t.Errorf("%q: got %v", oid, !want)
		}
	}
}
