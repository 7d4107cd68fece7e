package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/config"
	"refloop/console"
	"refloop/fax/ocr"
	"refloop/store"
)

// Levels of a finding.
const (
	levelOK   = "ok"
	levelWarn = "warn"
	levelBad  = "bad"
)

// Limits of the doctor.
const (
	warnDisk = 1 << 30
	badDisk  = 100 << 20
	warnCert = 30 * 24 * time.Hour
)

// finding is one thing that the doctor looked at; its keys are stable.
type finding struct {
	Level  string `json:"level"` // ok, warn, bad
	What   string `json:"what"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"`
}

func doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "doctor", Short: "is everything there that this configuration needs: one line each, with what to do; exit 1 when something is bad", Args: cobra.NoArgs,
		Long:    "doctor looks at the configuration, the store, the daemon, the disk, the programs that read faxes, folders and certificates.\nIt changes nothing.",
		Example: "  refloop doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows [][]string
			bad := false
			for _, f := range diagnose(cmd) {
				bad = bad || f.Level == levelBad
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), f); err != nil {
						return err
					}
				}
				rows = append(rows, []string{f.Level, f.What, words(f.Text, dash(f.Remedy))})
			}
			if !wantsJSON(cmd) {
				if err := printTable(cmd.OutOrStdout(), nil, rows); err != nil {
					return err
				}
			}
			if bad {
				return errQuiet
			}
			return nil
		},
	}
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	return c
}

// diagnose makes every finding, in the order in which a person would mend them.
func diagnose(cmd *cobra.Command) []finding {
	path := configPath(cmd)
	cfg, settings, pl, err := readPlan(path, nil)
	out := []finding{{levelOK, "configuration", path, ""}}
	if p, ok := config.AsProblems(err); ok {
		out[0] = finding{levelBad, "configuration", fmt.Sprintf("%s has %d mistakes, the first: %s", path, p.Len(), p.All()[0]), "see all of them: refloop check -c " + path}
	} else if err != nil {
		out[0] = finding{levelBad, "configuration", err.Error(), "refloop check -c " + path}
	}
	if cfg == nil || len(cfg.Files) == 0 {
		return append(out, programs(cmd.Context(), true)...)
	}
	if cfg.Demo {
		out = append(out, finding{levelWarn, "demo", "demo: true; keys are made up", "not for real patients: take demo: true out"})
	}
	out = append(out, sealKeyFinding(cfg), storeFinding(cmd.Context(), cfg, settings), diskFinding(settings))
	out = append(out, daemonFindings(cmd.Context(), settings)...)
	reads := slices.ContainsFunc(cfg.Channels, func(c config.Channel) bool { return c.Type == channels.Fax })
	out = append(out, programs(cmd.Context(), reads)...)
	if pl != nil {
		out = append(out, folderFindings(cfg)...)
		out = append(out, faxFindings(cmd.Context(), cfg)...)
		out = append(out, certificateFindings(cfg, pl, time.Now())...)
		out = append(out, directFindings(cmd)...)
	}
	return out
}

// sealKeyFinding looks at the key and at who may read its file.
func sealKeyFinding(cfg *config.Config) finding {
	const what = "seal key"
	if !cfg.Store.SealKey.Set() {
		if cfg.Demo {
			return finding{levelOK, what, "it is made on the first start (demo)", ""}
		}
		return finding{levelBad, what, "store.seal_key has no value", "make one: openssl rand -base64 32 > var/seal.key"}
	}
	if _, err := sealKey(cfg.Store.SealKey.Reveal()); err != nil {
		return finding{levelBad, what, err.Error(), ""}
	}
	file := cfg.Store.SealKey.File()
	if info, err := os.Stat(file); file != "" && err == nil && info.Mode().Perm()&0o077 != 0 {
		return finding{levelWarn, what, fmt.Sprintf("%s has mode %04o: others may read it", file, info.Mode().Perm()), "chmod 600 " + file}
	}
	return finding{levelOK, what, "present; keep a copy elsewhere", ""}
}

// storeFinding opens the database for reading.
func storeFinding(ctx context.Context, cfg *config.Config, s config.Daemon) finding {
	const what = "store"
	file := strings.TrimPrefix(s.StoreURL, "sqlite:")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return finding{levelOK, what, file + " is made on the first start", ""}
	}
	key, err := sealKey(cfg.Store.SealKey.Reveal())
	if err != nil {
		return finding{levelBad, what, "it cannot be opened without the seal key", ""}
	}
	st, err := store.OpenReadOnly(ctx, store.Config{URL: s.StoreURL, SealKey: key}, slog.New(slog.DiscardHandler))
	if err != nil {
		return finding{levelBad, what, err.Error(), ""}
	}
	if err := st.Close(); err != nil {
		return finding{levelBad, what, err.Error(), ""}
	}
	return finding{levelOK, what, file + " opens", ""}
}

// diskFinding looks at the space where the database grows.
func diskFinding(s config.Daemon) finding {
	const what = "disk"
	dir := filepath.Dir(strings.TrimPrefix(s.StoreURL, "sqlite:"))
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return finding{levelWarn, what, fmt.Sprintf("%s: %v", dir, err), "make the folder: refloop init does"}
	}
	free := fs.Bavail * uint64(fs.Bsize)
	text := fmt.Sprintf("%d MiB free at %s", free>>20, dir)
	switch {
	case free < badDisk:
		return finding{levelBad, what, text, "make room: nothing is acknowledged that cannot be stored"}
	case free < warnDisk:
		return finding{levelWarn, what, text, "make room soon"}
	}
	return finding{levelOK, what, text, ""}
}

// daemonFindings ask a running daemon how it is.
func daemonFindings(ctx context.Context, s config.Daemon) []finding {
	client, err := console.Dial(s.Socket)
	if errors.Is(err, console.ErrNoDaemon) {
		return []finding{{levelWarn, "daemon", "no daemon answers on " + s.Socket, "start it: refloop serve"}}
	}
	if err != nil {
		return []finding{{levelWarn, "daemon", err.Error(), ""}}
	}
	h, err := client.Health(ctx)
	if err != nil {
		return []finding{{levelBad, "daemon", "it does not answer: " + err.Error(), "look at its log"}}
	}
	out := []finding{{levelOK, "daemon", "runs", ""}}
	if !h.Ready {
		out[0] = finding{levelBad, "daemon", "runs, and is not ready", "see the next lines"}
	}
	for _, r := range h.Rooms {
		switch r.State {
		case "stuck", "closed":
			out = append(out, finding{levelBad, r.Name, words(r.State, dash(r.Reason)), "see refloop deliveries --state failed, and the log"})
		case "red":
			out = append(out, finding{levelBad, r.Name, words(r.State, dash(r.Reason)), "refloop worklist --type partner_red"})
		}
	}
	for _, n := range h.Notes {
		out = append(out, finding{levelWarn, "daemon", n, "refloop worklist"})
	}
	return out
}

// programs looks for what reads faxes; without a fax channel nothing is bad about their absence.
func programs(ctx context.Context, needed bool) []finding {
	level := levelWarn
	if needed {
		level = levelBad
	}
	reading := finding{levelOK, "OCR", "Tesseract starts", ""}
	if err := tryOCR(ctx); err != nil {
		reading = finding{level, "OCR", err.Error(), "Debian, Ubuntu: apt-get install tesseract-ocr-eng libtesseract5 libleptonica-dev"}
	}
	drawing := finding{levelOK, "pdftoppm", "found", ""}
	if path, err := exec.LookPath("pdftoppm"); err != nil {
		drawing = finding{levelWarn, "pdftoppm", "not found: PDF pages that are more than a picture are left to a person", "apt-get install poppler-utils"}
	} else {
		drawing.Text = path
	}
	return []finding{reading, drawing}
}

// tryOCR reads an empty picture in a child process, as the daemon would.
func tryOCR(ctx context.Context) error {
	self, err := executable()
	if err != nil {
		return err
	}
	pool, err := ocr.NewPool(ocr.Config{Command: []string{self, "ocr-worker"}})
	if err != nil {
		return err
	}
	blank := ocr.Request{Width: 64, Height: 64, Modes: []int{ocr.ModeBlock}, Pix: slices.Repeat([]byte{255}, 64*64)}
	_, err = pool.Recognize(ctx, blank)
	return errors.Join(err, pool.Close())
}
