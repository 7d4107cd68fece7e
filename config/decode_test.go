package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// words is a Decoder: one word or a list of them.
type words []string

func (w *words) DecodeNode(n Node, p *Problems) {
	if s, ok := n.Scalar(); ok {
		*w = words{s}
		return
	}
	for _, item := range n.Items() {
		s, ok := item.Scalar()
		if !ok {
			p.Add(item, "got %s, want a word", item.kind())
			continue
		}
		*w = append(*w, s)
	}
}

type inner struct {
	Host string `yaml:"host" required:"true"`
	Port uint16 `yaml:"port" default:"25" min:"1"`
	Node Node   `yaml:"." label:"host"`
}

type shared struct {
	Level int `yaml:"level" default:"3" min:"-5" max:"5"`
}

type everything struct {
	shared
	Word    string            `yaml:"word" default:"hello"`
	On      bool              `yaml:"on" default:"true"`
	Ratio   float64           `yaml:"ratio" min:"0" max:"1"`
	Wait    Duration          `yaml:"wait" default:"30s" min:"1s" max:"1h"`
	Memory  Size              `yaml:"memory" default:"8MiB"`
	File    Path              `yaml:"file" default:"var/x"`
	Day     Date              `yaml:"day"`
	Allow   []netip.Prefix    `yaml:"allow" want:"an address range such as 10.0.0.0/8"`
	Names   []string          `yaml:"names" default:"a,b"`
	Map     map[string]int    `yaml:"map"`
	Nodes   map[string]Node   `yaml:"nodes"`
	One     inner             `yaml:"one"`
	Maybe   *inner            `yaml:"maybe"`
	Count   *int              `yaml:"count"`
	Many    []inner           `yaml:"many"`
	Body    words             `yaml:"body"`
	Rest    Node              `yaml:"rest"`
	Deep    map[string]inner  `yaml:"deep"`
	Lists   [][]int           `yaml:"lists"`
	Skipped map[string]string // no tag
}

func parseText(t testing.TB, text string) (Node, *Problems) {
	t.Helper()
	p := &Problems{}
	return (&set{}).parse("conf/x.yaml", []byte(text), p), p
}

func TestDecodeEverything(t *testing.T) {
	t.Setenv("REFLOOP_TEST_WORD", "from outside")
	n, p := parseText(t, `
level: -2
word: {env: REFLOOP_TEST_WORD}
on: false
ratio: 0.5
wait: 1m
memory: 1KiB
file: a/b
day: 2026-11-01
allow: [10.0.0.0/8, "::1/128"]
names: [007, yes]
map: {x: 1}
nodes: {y: [1]}
one: {host: h, port: 26}
maybe: {host: i}
count: 4
many: [{host: j}, {host: k, port: 1}]
body: pdf
rest: {anything: goes}
deep: {a: {host: l}}
lists: [[1], [2, 3]]
`)
	var got everything
	n.Decode(&got, "", p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	four := 4
	want := everything{shared: shared{-2}, Word: "from outside", Ratio: 0.5, Wait: Duration(time.Minute), Memory: 1024, File: "conf/a/b",
		Day: Date{time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Names: []string{"007", "yes"}, Map: map[string]int{"x": 1}, One: inner{Host: "h", Port: 26}, Maybe: &inner{Host: "i", Port: 25}, Count: &four,
		Many: []inner{{Host: "j", Port: 25}, {Host: "k", Port: 1}}, Body: words{"pdf"}, Deep: map[string]inner{"a": {Host: "l", Port: 25}}, Lists: [][]int{{1}, {2, 3}}}
	opt := cmp.Options{cmp.AllowUnexported(everything{}), cmp.Comparer(func(a, b Node) bool { return true }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Nodes" }, cmp.Ignore())}
	if diff := cmp.Diff(want, got, opt); diff != "" {
		t.Error(diff)
	}
	if s, ok := got.Nodes["y"].Items()[0].Scalar(); !ok || s != "1" || got.Rest.Field("anything").Pos() != "conf/x.yaml:19:18" {
		t.Errorf("got %q and %s", s, got.Rest.Field("anything").Pos())
	}
	if got.Many[1].Node.Key() != "many[k]" || got.Many[1].Node.Field("port").KeyPosition().Col != 29 {
		t.Errorf("got %s at %v", got.Many[1].Node.Key(), got.Many[1].Node.Field("port").KeyPosition())
	}
}

func TestDecodeDefaults(t *testing.T) {
	n, p := parseText(t, "one: {host: h}\n")
	var got everything
	n.Decode(&got, "", p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if got.Level != 3 || got.Word != "hello" || !got.On || got.Wait.D() != 30*time.Second || got.Memory != 8<<20 || got.File != "conf/var/x" ||
		got.Maybe != nil || got.Count != nil || len(got.Names) != 2 || got.One.Port != 25 || got.Rest.Present() {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeMistakesKeepDefaults(t *testing.T) {
	n, p := parseText(t, `
level: 6
on: no
wait: 2h
file: [a]
day: 1.11.2026
allow: [10.0.0.0/33]
names: [a, [b]]
map: {x: y, x: 1}
one: {port: 0, ports: 1}
many: {}
body: [[a]]
word:
`)
	var got everything
	n.Decode(&got, "direct", p)
	want := `conf/x.yaml:2:8: direct.level: got "6", want a whole number (-5 to 5)
conf/x.yaml:3:5: direct.on: got "no", want true or false
conf/x.yaml:4:7: direct.wait: got "2h", want a duration such as 30s, 1h30m or 400d (1s to 1h)
conf/x.yaml:5:7: direct.file: got a list, want a path
conf/x.yaml:6:6: direct.day: got "1.11.2026", want a day such as 2026-11-01
conf/x.yaml:7:9: direct.allow[0]: got "10.0.0.0/33", want an address range such as 10.0.0.0/8
conf/x.yaml:8:12: direct.names[1]: got a list, want a word or text
conf/x.yaml:9:10: direct.map.x: got "y", want a whole number
conf/x.yaml:9:13: direct.map.x: got the key again, want it once; the first is in line 9
conf/x.yaml:10:6: direct.one.host: got nothing, want a value
conf/x.yaml:10:13: direct.one.port: got "0", want a whole number (1 or more)
conf/x.yaml:10:16: direct.one.ports: got an unknown key, want one of host, port; did you mean "port"?
conf/x.yaml:11:7: direct.many: got a mapping, want a list
conf/x.yaml:12:8: direct.body[0]: got a list, want a word
conf/x.yaml:13:6: direct.word: got nothing, want a word or text`
	if diff := cmp.Diff(want, p.Error()); diff != "" {
		t.Error(diff)
	}
	if got.Level != 3 || !got.On || got.Wait.D() != 30*time.Second || got.File != "conf/var/x" || got.One.Port != 25 || got.Word != "hello" {
		t.Errorf("got %+v, want the defaults where values are wrong", got)
	}
}

func TestDecodeExcept(t *testing.T) {
	n, p := parseText(t, "name: a\nhost: h\nprot: 1\n")
	var got inner
	n.DecodeExcept(&got, "channels[a]", p, "name", "retention")
	want := `conf/x.yaml:3:1: channels[a].prot: got an unknown key, want one of host, port, name, retention; did you mean "port"?`
	if p.Error() != want || got.Host != "h" {
		t.Errorf("got %+v and %s", got, p.Error())
	}
	(Node{}).Decode(got, "", p)
	if !strings.Contains(p.Error(), "want a pointer to a struct") {
		t.Errorf("got %s", p.Error())
	}
}

func TestProblems(t *testing.T) {
	var p Problems
	if p.Err() != nil || p.Len() != 0 {
		t.Fatal("an empty list is an error")
	}
	for range 3 {
		p.AddAt(Position{"b.yaml", 2, 1}, "k", "got x, want y")
	}
	p.AddAt(Position{}, "", "got nothing")
	for i := range MaxProblems + 10 {
		p.AddAt(Position{"a.yaml", i + 1, 1}, "k", "got %d", i)
	}
	all := p.All()
	if len(all) != MaxProblems || p.Len() != MaxProblems+12 || !strings.HasSuffix(p.Error(), "and 12 more") {
		t.Errorf("got %d of %d: %s", len(all), p.Len(), p.Error()[len(p.Error())-40:])
	}
	if got, ok := AsProblems(p.Err()); !ok || got != &p {
		t.Error("the list does not come out of its error")
	}
	if got := (Position{}).String(); got != "configuration" {
		t.Errorf("got %q", got)
	}
}

func TestDescribe(t *testing.T) {
	got := Describe("channels[]", everything{})
	for _, want := range []string{
		"channels[].level ", "whole number", "default 3; -5 to 5", "channels[].many[].host", "channels[].deep.<name>.port", "channels[].allow[]",
		"channels[].maybe.port", "duration (30s, 400d)", "default 30s; 1s to 1h", "day (2026-11-01)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Skipped") || Describe("", 1) != "" || Describe("", nil) != "" {
		t.Errorf("got\n%s", got)
	}
	for _, line := range strings.Split(strings.TrimSpace(Describe("", &Config{})), "\n") {
		if len(strings.Fields(line)) < 4 {
			t.Errorf("got no meaning in %q", line)
		}
	}
}
