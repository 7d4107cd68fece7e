package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"refloop/config"
	"refloop/transform"
)

// TestProfileKeys: a payload profile of a partner, of one of its rails, and of some services; words that nothing knows are mistakes.
func TestProfileKeys(t *testing.T) {
	b, err := os.ReadFile("../../examples/refloop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	load := func(profile string) ([]transform.Rail, error) {
		const rail = "{type: direct, address: referrals@direct.lakeside.example, dialect: 360x}"
		if !strings.Contains(string(b), rail) {
			t.Fatal("the example has no Direct rail of Lakeside any more")
		}
		file := filepath.Join(t.TempDir(), "refloop.yaml")
		if err := os.CopyFS(filepath.Dir(file), os.DirFS("../../examples")); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(b), rail, strings.TrimSuffix(rail, "}")+", profile: "+profile+"}", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, p := config.Load(file)
		pl := makePlan(cfg, p)
		partner, _ := pl.directory.Partner("lakeside-cardiology")
		return partner.Rails, p.Err()
	}
	rails, err := load(`{sections: [results], services: [{for: [cardiology, "93306"], sections: [vitals], look_back: 30d, attachments: [none]}]}`)
	at := slices.IndexFunc(rails, func(r transform.Rail) bool { return r.Type == "direct" })
	if err != nil || at < 0 {
		t.Fatal(err, at)
	}
	if s := rails[at].Profile.Services; len(s) != 1 || !slices.Equal(s[0].For, []string{"cardiology", "93306"}) || s[0].LookBack != 30*24*time.Hour || s[0].Attachments[0] != "none" || s[0].Sections[0] != "vitals" {
		t.Errorf("got %+v", s)
	}
	for profile, want := range map[string]string{
		`{sections: [nonsense]}`: "sections: got \"nonsense\"", `{services: [{for: [x], sections: [nonsense]}]}`: "sections: got \"nonsense\"", `{services: [{sections: [results]}]}`: "for", `{services: [{for: [x], basis: [part2]}]}`: "basis",
	} {
		if _, err := load(profile); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a mistake of %s", profile, err, want)
		}
	}
}
