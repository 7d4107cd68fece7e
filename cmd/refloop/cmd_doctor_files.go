package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"refloop/channels"
	"refloop/config"
)

// canWrite asks access(2) whether files may be made in a folder: W_OK and X_OK.
const canWrite = 2 | 1

// folderFindings look at the folders of fax and file channels and rails.
func folderFindings(cfg *config.Config) []finding {
	var out []finding
	look := func(what string, n config.Node) {
		if name, ok := n.Field("folder").Scalar(); ok {
			out = append(out, folderFinding(what, n.Field("folder").Resolve(name)))
		}
	}
	for _, c := range cfg.Channels {
		if c.Type == channels.Fax || c.Type == channels.File {
			look("channel "+c.Name, c.Node)
		}
	}
	for _, p := range cfg.Partners {
		for _, r := range p.Rails {
			if r.Type == channels.Fax || r.Type == channels.File {
				look("rail "+p.ID+"/"+r.Type, r.Node)
			}
		}
	}
	return out
}

func folderFinding(what, dir string) finding {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return finding{levelWarn, what, dir + " does not exist", "mkdir -p " + dir}
	case err != nil:
		return finding{levelBad, what, err.Error(), ""}
	case !info.IsDir():
		return finding{levelBad, what, dir + " is no folder", "name a folder"}
	}
	if err := syscall.Access(dir, canWrite); err != nil {
		return finding{levelBad, what, dir + " cannot be written", "let the daemon's user write there"}
	}
	return finding{levelOK, what, dir, ""}
}

// certificateFindings say until when each certificate of ours is valid, and whether anybody is trusted.
func certificateFindings(cfg *config.Config, pl *plan, now time.Time) []finding {
	var out []finding
	add := func(what, file string) {
		if file != "" {
			out = append(out, certificateFinding(what, file, cfg.Demo, now))
		}
	}
	for _, c := range cfg.Channels {
		for _, at := range []config.Node{c.Node, c.Node.Field("smtp"), c.Node.Field("webhook")} {
			n := at.Field("tls").Field("certificate")
			if name, ok := n.Scalar(); ok {
				add("certificate of channel "+c.Name, n.Resolve(name))
			}
		}
	}
	for _, p := range cfg.Partners {
		for _, r := range p.Rails {
			n := r.Node.Field("certificate")
			if name, ok := n.Scalar(); ok {
				add("certificate for "+p.ID+"/"+r.Type, n.Resolve(name))
			}
		}
	}
	if !pl.direct.present {
		return out
	}
	for _, id := range pl.direct.settings.Identities {
		add("certificate of "+id.Domain+id.Address, string(id.Certificate))
	}
	return append(out, anchorFinding(pl))
}

func certificateFinding(what, file string, demo bool, now time.Time) finding {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && demo {
		return finding{levelOK, what, file + " is made on the first start (demo)", ""}
	}
	if err != nil {
		return finding{levelBad, what, err.Error(), "put it there"}
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	cert, err := x509.ParseCertificate(b)
	if err != nil {
		return finding{levelBad, what, file + " holds no certificate", "want PEM or DER"}
	}
	until := "valid until " + cert.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case now.After(cert.NotAfter):
		return finding{levelBad, what, "expired on " + cert.NotAfter.UTC().Format(time.DateOnly), "get a new one"}
	case now.Before(cert.NotBefore):
		return finding{levelBad, what, "valid only from " + cert.NotBefore.UTC().Format(time.DateOnly), "look at the clock of this machine"}
	case cert.NotAfter.Sub(now) < warnCert:
		return finding{levelWarn, what, until, "order a new one"}
	}
	return finding{levelOK, what, until, ""}
}

// anchorFinding counts trust anchors: without one nobody's mail is believed.
func anchorFinding(pl *plan) finding {
	if pl.direct.settings.Edge() {
		return finding{levelOK, "trust", "mode edge: the HISP judges it", ""}
	}
	n := 0
	for _, a := range pl.direct.settings.Anchors {
		for _, path := range a.Inbound {
			n += countFiles(string(path))
		}
	}
	if n == 0 {
		return finding{levelWarn, "trust anchors", "none: every mail is refused", "put the anchors of your partners where direct.anchors says"}
	}
	return finding{levelOK, "trust anchors", fmt.Sprintf("%d files", n), ""}
}

// countFiles is 1 for a file, for a folder the number of files in it.
func countFiles(path string) int {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if !info.IsDir() {
		return 1
	}
	found, err := filepath.Glob(filepath.Join(path, "*"))
	if err != nil {
		return 0
	}
	return len(found)
}
