package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"text/template"
)

// demoFiles are the configurations of the three sites, the messages of the EHR, and the faxes.
//
//go:embed demo
var demoFiles embed.FS

// demoPorts are the addresses of the demo, all on loopback.
type demoPorts struct {
	EHR, HospitalMLLP, HospitalSMTP, HospitalConsole, SpecialistSMTP, SpecialistConsole, PracticeConsole string
}

// demoSite is one organisation of the demo: a folder with its YAML, keys and database, and a running process.
type demoSite struct {
	name    string
	title   string
	dir     string
	config  string
	process *demoProcess
}

// demoMarker tells a folder that a demo made from one that somebody else owns.
const demoMarker = ".refloop-demo"

// freshFolder empties a folder that an earlier demo made; any other folder is refused.
func freshFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return usageError{fmt.Errorf("demo: folder %s: got one that is not empty and that no demo made, want another with --dir", dir)}
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	case err != nil && !os.IsNotExist(err):
		return fmt.Errorf("demo: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, demoMarker), []byte("made by refloop demo; emptied by the next one\n"), 0o644)
}

// freePorts finds ports nobody listens on now.
func freePorts() (demoPorts, error) {
	var p demoPorts
	for _, to := range []*string{&p.EHR, &p.HospitalMLLP, &p.HospitalSMTP, &p.HospitalConsole, &p.SpecialistSMTP, &p.SpecialistConsole, &p.PracticeConsole} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, fmt.Errorf("demo: looking for a free port: %w", err)
		}
		defer l.Close()
		*to = l.Addr().String()
	}
	return p, nil
}

// writeSites writes the configuration of every site, makes their keys, and lets those that speak Direct trust each other.
func writeSites(dir string, ports demoPorts) ([]*demoSite, error) {
	sites := []*demoSite{
		{name: "hospital", title: "Northside hospital (HL7 v2 from its EHR, Direct out)"},
		{name: "specialist", title: "Lakeside Cardiology (Direct, 360X)"},
		{name: "practice", title: "Hillside Practice (fax only)"},
	}
	for _, s := range sites {
		s.dir = filepath.Join(dir, s.name)
		s.config = filepath.Join(s.dir, "refloop.yaml")
		if err := writeSite(s, ports); err != nil {
			return nil, err
		}
	}
	for _, s := range sites {
		_, _, pl, err := readPlan(s.config, nil)
		if err != nil {
			return nil, fmt.Errorf("demo: %s: %w", s.name, err)
		}
		if err := makeDemoKeys(pl, "", slog.New(slog.DiscardHandler)); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", s.name, err)
		}
	}
	return sites, exchangeTrust(sites[0], sites[1])
}

func writeSite(s *demoSite, ports demoPorts) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "var"), 0o755); err != nil {
		return err
	}
	files, err := fs.ReadDir(demoFiles, "demo/"+s.name)
	if err != nil {
		return fmt.Errorf("demo: %s: %w", s.name, err)
	}
	for _, f := range files {
		t, err := template.ParseFS(demoFiles, "demo/"+s.name+"/"+f.Name())
		if err != nil {
			return fmt.Errorf("demo: %s: %w", f.Name(), err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, ports); err != nil {
			return fmt.Errorf("demo: %s: %w", f.Name(), err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, f.Name()), b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// exchangeTrust gives each site the other's anchor and certificate, as two organisations do when they become partners.
func exchangeTrust(a, b *demoSite) error {
	for _, pair := range [][2]*demoSite{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		for src, dst := range map[string]string{"direct-anchor.crt": "var/anchors/" + from.name + ".crt", "direct.crt": "var/peers/" + from.name + ".crt"} {
			body, err := os.ReadFile(filepath.Join(from.dir, "var", src))
			if err != nil {
				return fmt.Errorf("demo: trust: %w", err)
			}
			path := filepath.Join(to.dir, dst)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return fmt.Errorf("demo: trust: %w", err)
			}
			if err := os.WriteFile(path, body, 0o644); err != nil {
				return fmt.Errorf("demo: trust: %w", err)
			}
		}
	}
	return nil
}
