package main

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"refloop/channels"
	"refloop/config"
	"refloop/hl7"
)

// What may keep a daemon from starting and is known without opening a port. See [checkPlan] and [checkMachine].

// charsets is what a channel's charset may be, for messages.
const charsets = "ASCII, 8859/1 to 8859/10, 8859/13 to 8859/15 or UNICODE UTF-8"

// checkPlan finds what lies in the configuration alone: two servers on one address, a character set nobody reads, a seal key that is none.
func checkPlan(cfg *config.Config, settings config.Daemon, p *config.Problems) {
	for _, c := range cfg.Channels {
		if _, ok := hl7.LookupCharset(c.Charset); !ok {
			p.Add(c.Node.Field("charset"), "got %q, want a character set that is read: %s", shortWord(c.Charset), charsets)
		}
	}
	if cfg.Store.SealKey.Set() {
		if _, err := sealKey(cfg.Store.SealKey.Reveal()); err != nil {
			p.Add(cfg.Store.Node.Field("seal_key"), "%s", strings.TrimPrefix(err.Error(), "store.seal_key: "))
		}
	}
	checkListens(cfg, settings, p)
}

// shortWord keeps a wrong value on one line.
func shortWord(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

// listener is a server of ours and where it is written.
type listener struct {
	host, port string
	node       config.Node
	place      string
}

// checkListens finds two servers on one address.
func checkListens(cfg *config.Config, settings config.Daemon, p *config.Problems) {
	var all []listener
	add := func(address string, n config.Node) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || port == "0" || port == "" {
			return // a mistake that its owner reports, or a port that the system chooses
		}
		for _, o := range all {
			if o.port == port && sameHost(o.host, host) {
				p.Add(n, "got %s, on which %s listens too (%s), want an address of its own", address, o.node.Key(), o.place)
				return
			}
		}
		all = append(all, listener{host, port, n, n.Pos()})
	}
	if settings.Console != "" {
		add(settings.Console, cfg.Console.Node.Field("listen").Named("console.listen"))
	}
	for _, c := range cfg.Channels {
		for _, n := range []config.Node{c.Node.Field("listen"), c.Node.Field("smtp").Field("listen"), c.Node.Field("webhook").Field("listen")} {
			if address, ok := n.Scalar(); ok {
				add(address, n)
			}
		}
	}
}

// sameHost tells whether listeners on one port of two hosts are in each other's way: the same host, or one of them is every address.
func sameHost(a, b string) bool {
	plain := func(s string) string {
		if s == "localhost" {
			return "127.0.0.1"
		}
		return strings.ToLower(s)
	}
	every := func(s string) bool {
		ip, err := netip.ParseAddr(s)
		return s == "" || err == nil && ip.IsUnspecified()
	}
	return plain(a) == plain(b) || every(a) || every(b)
}

// maxSocket is the length of a Unix socket's path that every system takes (sun_path of macOS is 104 with its end, of Linux 108).
const maxSocket = 103

// checkMachine finds what the machine refuses: folders that are none, cannot be made or written, files under other names than said. It makes nothing.
func checkMachine(pl *plan, settings config.Daemon, p *config.Problems) {
	cfg := pl.cfg
	usable := func(n config.Node, dir string) {
		if why := unusable(dir); why != "" {
			p.Add(n, "got %s, want a folder that the daemon can read and write", why)
		}
	}
	usable(cfg.Store.Node.Field("url"), filepath.Dir(strings.TrimPrefix(settings.StoreURL, "sqlite:")))
	socket := cfg.Node.Field("socket")
	usable(socket, filepath.Dir(settings.Socket))
	if full, err := filepath.Abs(settings.Socket); err == nil && len(settings.Socket) > maxSocket && len(full) > maxSocket {
		p.Add(socket, "got a path of %d characters, want at most %d: no system takes a longer one for a socket", len(settings.Socket), maxSocket)
	}
	look := func(n config.Node, keys ...string) {
		for _, key := range keys {
			if name, ok := n.Field(key).Scalar(); ok {
				usable(n.Field(key), n.Resolve(name))
			}
		}
	}
	for _, c := range cfg.Channels {
		switch c.Type {
		case channels.File:
			look(c.Node, "folder", "answers")
		case channels.Fax:
			look(c.Node, "folder")
		}
		if n := c.Node.Field("hylafax").Field("spool"); c.Type == channels.Fax && n.Present() {
			name, _ := n.Scalar()
			if info, err := os.Stat(n.Resolve(name)); err != nil || !info.IsDir() {
				p.Add(n, "got no folder of that name, want the spool folder of HylaFAX")
			}
		}
	}
	for _, partner := range cfg.Partners {
		for _, r := range partner.Rails {
			if r.Type == channels.File || r.Type == channels.Fax {
				look(r.Node, "folder")
			}
		}
	}
}

// unusable says why no files can be read and written in a folder; empty: they can. A folder that does not exist is made at the start when the
// folder above it can be written.
func unusable(dir string) string {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, os.ErrNotExist) && filepath.Dir(at) != at:
			continue
		case errors.Is(err, syscall.ENOTDIR):
			continue // what stands above says so
		case err != nil:
			return "a folder that cannot be looked at (" + reasonOf(err) + ")"
		case !info.IsDir() && at == filepath.Clean(dir):
			return "a file"
		case !info.IsDir():
			return "a folder within a file, " + at
		}
		const canRead = 4
		mode := uint32(canWrite)
		if at == filepath.Clean(dir) {
			mode |= canRead
		}
		if syscall.Access(at, mode) != nil {
			return "a folder that this user cannot read, write or make: " + at
		}
		return ""
	}
}

// reasonOf is the operating system's word without the path.
func reasonOf(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// checkRooms opens every channel and rail as the daemon would, up to their ports, and reports what does not open.
func checkRooms(pl *plan, p *config.Problems) {
	if pl.cfg.Demo || p.Len() > 0 {
		return // its keys are made at the first start; and what is wrong already would be said twice
	}
	log := slog.New(slog.DiscardHandler)
	room, err := pl.direct.open(log)
	if err != nil {
		p.Add(pl.cfg.Direct, "%v", err)
		return
	}
	dp := deps{max: int(pl.cfg.Limits.Message), now: time.Now, log: log, direct: room, ocr: &ocrRoom{}}
	for i, c := range pl.channels {
		if _, err := c.open(dp); err != nil {
			p.Add(pl.cfg.Channels[i].Node, "got a channel that does not open (%v), want one that does", err)
		}
	}
	for _, s := range pl.senders {
		if _, err := s.open(dp); err != nil {
			p.Add(pl.nodeOf(s.lane), "got a rail that does not open (%v), want one that does", err)
		}
	}
}

// nodeOf is where the partner of a lane is written.
func (pl *plan) nodeOf(lane string) config.Node {
	id, _, _ := strings.Cut(lane, "/")
	i := slices.IndexFunc(pl.cfg.Partners, func(c config.Partner) bool { return c.ID == id })
	if i < 0 {
		return pl.cfg.Node
	}
	return pl.cfg.Partners[i].Node
}
