// Package examples holds the configuration that `make run` starts and examples of single channels. Its test keeps them right.
package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/config"
	"refloop/referral"
	"refloop/transform/rules"
)

func source(e config.Expr) rules.Source {
	return rules.Source{Key: e.Node.Key(), Text: e.Text, At: func(i int) rules.Place { return rules.Place(e.At(i)) }}
}

// compile does with the rules of a configuration what refloop check does.
func compile(t *testing.T, cfg *config.Config) (map[string]*rules.Set, []*rules.Route, []rules.Mistake) {
	t.Helper()
	var all []rules.Mistake
	sets := map[string]*rules.Set{}
	for _, ch := range cfg.Channels {
		c := rules.Channel{When: source(ch.When), Tables: map[string]rules.Table{}}
		for _, l := range ch.Lookup {
			table, mistakes := rules.ParseTable(l.Path, l.Node.Key(), l.Bytes)
			c.Tables[l.Name], all = table, append(all, mistakes...)
		}
		for _, s := range ch.Set {
			c.Set = append(c.Set, rules.Assign{Target: s.Target, Place: rules.Place(s.Place), Source: source(s.Expr)})
		}
		set, mistakes := rules.Compile(c)
		sets[ch.Name], all = set, append(all, mistakes...)
	}
	var routes []*rules.Route
	for _, r := range cfg.Routes {
		route, mistakes := rules.CompileRoute(source(r.When))
		routes, all = append(routes, route), append(all, mistakes...)
	}
	return sets, routes, all
}

type view map[string]string

func (v view) Get(path string) string { return v[path] }

func TestExample(t *testing.T) {
	cfg, problems := config.Load("refloop.yaml")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	sets, routes, mistakes := compile(t, cfg)
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	lab := rules.Message{Type: "ORM^O01", View: view{"OBR-24": "LAB"}}
	if ok, err := sets["ehr-orders"].When(lab); ok || err != nil {
		t.Errorf("a lab order: got %v, %v, want it ignored", ok, err)
	}
	consult := rules.Message{Type: "ORM^O01", View: view{"OBR-24": "CON", "OBR-4.1": "CARD", "PV1-3.1": "2W"}}
	if ok, err := sets["ehr-orders"].When(consult); !ok || err != nil {
		t.Errorf("a consult order: got %v, %v, want it to count", ok, err)
	}
	ref, err := sets["ehr-orders"].Apply(consult, referral.Referral{})
	if err != nil || ref.Specialty != "cardiology" || !slices.Contains(ref.Extra, referral.Extra{Key: "ordering_unit", Value: "2W"}) {
		t.Errorf("got %q, %+v, %v", ref.Specialty, ref.Extra, err)
	}
	if ok, err := routes[0].Match(ref); !ok || err != nil || cfg.Routes[0].To != "lakeside-cardiology" {
		t.Errorf("route: got %v, %v", ok, err)
	}
	if len(cfg.Channels) != 5 || len(cfg.Partners) != 5 || len(cfg.Files) != 5 || len(cfg.Hash) != 64 {
		t.Errorf("got %d channels, %d partners, files %v", len(cfg.Channels), len(cfg.Partners), cfg.Files)
	}
	if got := cfg.Channels[4].Lookup[0].Path; got != filepath.Join("tables", "urgency.csv") {
		t.Errorf("got the table %q", got)
	}
}

// The examples that are not switched on are right too.
func TestExamplesToRename(t *testing.T) {
	files, err := filepath.Glob("channels.d/*.example")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no channels.d/*.example (%v)", err)
	}
	main := filepath.Join(t.TempDir(), "refloop.yaml")
	text := "organization: {name: Northside, oid: 1.2.3}\nstore: {seal_key: none}\ninclude:\n"
	for _, f := range files {
		path, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		text += "  - " + path + "\n"
	}
	if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Load(main)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if _, _, mistakes := compile(t, cfg); mistakes != nil {
		t.Fatal(mistakes)
	}
}

// A mistake inside an expression is reported at its own character of the file, in every way YAML has to write text.
func TestMistakeInsideTheFile(t *testing.T) {
	cfg, problems := config.Load("testdata/mistakes.yaml")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	_, _, mistakes := compile(t, cfg)
	want := []string{"8:11 foo", "10:43 mesg", "10:84 service", "12:33 typ", "12:49 spec", "18:16 OBR4", "19:37 typee", "21:22 specialti", "22:61 name"}
	var got []string
	for _, m := range mistakes {
		word, _, _ := strings.Cut(m.Text[strings.Index(m.Text, `"`)+1:], `"`)
		got = append(got, fmt.Sprintf("%d:%d %s", m.Line, m.Col, word))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
