package fax

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/fax/hylafax"
	"refloop/channels/folder"
)

// recvFile is what HylaFAX calls a received fax.
var recvFile = regexp.MustCompile(`^fax[0-9]{1,12}\.(tif|TIF|tiff|pdf)$`)

// maxLog is how much of the end of the server's log is looked through.
const maxLog = 4 << 20

// hylafax makes the source that empties a receive queue. A fax is complete when the log has its line, which the server writes when the call
// is over, or when it has not changed for a while; and never while the server has it locked, which it has as long as the call lasts.
func (c *Channel) hylafax() (source, error) {
	h := &recvQueue{c: c, spool: string(c.cfg.Hyla.Spool), wait: c.cfg.Hyla.Wait.D()}
	cfg := c.folder(filepath.Join(h.spool, "recvq"))
	cfg.Existing = true
	cfg.Accept = recvFile.MatchString
	if c.cfg.Hyla.Taken == "keep" {
		kept, err := openKept(filepath.Join(c.d.Dir, c.d.Name+".taken.json"), cfg.Dir)
		if err != nil {
			return nil, err
		}
		cfg.Accept = func(name string) bool { return recvFile.MatchString(name) && !kept.has(name) }
		cfg.Taken = kept.add
	}
	return folder.New(cfg, h.take), nil
}

type recvQueue struct {
	c     *Channel
	spool string
	wait  time.Duration
}

// take archives one received fax.
func (q *recvQueue) take(ctx context.Context, f folder.File) error {
	log, err := tail(filepath.Join(q.spool, "log", "xferfaxlog"), maxLog)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		q.c.d.Log.Warn("the log of HylaFAX cannot be read; faxes wait longer and who called is not known", "channel", q.c.d.Name, "error", errors.Unwrap(err))
	}
	call, known := hylafax.FindCall(log, f.Name)
	if !known && time.Since(f.Time) < q.wait {
		return folder.ErrWait
	}
	about := &Call{Source: "hylafax", ID: call.CommID, Number: gateway.Number(call.Number()), Station: call.TSI, To: call.Local, Pages: call.Pages}
	if call.Reason != "" {
		about.Partial = "the call ended with a fault: pages may be missing or damaged"
	}
	if !known {
		about.Partial = "the log does not tell that the call ended well"
	}
	return q.c.receive(ctx, channels.Inbound{
		Peer: q.spool, ContentType: contentType(f.Body), ControlID: controlOf(call, f), Sender: q.c.d.Name, Body: f.Body,
	}, about)
}

// controlOf names one reception for ever: numbers of calls and files begin anew when a server is set up anew.
func controlOf(call hylafax.Call, f folder.File) string {
	return fmt.Sprintf("%s@%d", firstOf(call.CommID, f.Name), f.Time.Unix())
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// tail reads the end of a file.
func tail(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(f, most))
}

// kept remembers which files of a folder were taken and stay there, over restarts.
type kept struct {
	path, dir string

	mu    sync.Mutex
	files map[string]keptFile
}

type keptFile struct {
	Size int64     `json:"size"`
	Time time.Time `json:"time"`
}

// openKept reads what was taken. A file that cannot be used is an error: everything would be taken again.
func openKept(path, dir string) (*kept, error) {
	k := &kept{path: path, dir: dir, files: map[string]keptFile{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &k.files)
	}
	if err != nil {
		return nil, fmt.Errorf("fax: %s: got a file that cannot be read, want what was written there; put it right, or remove it and let all of %s be taken again", path, dir)
	}
	return k, nil
}

// has reports whether a file was taken as it is now.
func (k *kept) has(name string) bool {
	k.mu.Lock()
	was, ok := k.files[name]
	k.mu.Unlock()
	if !ok {
		return false
	}
	info, err := os.Lstat(filepath.Join(k.dir, name))
	return err == nil && info.Size() == was.Size && info.ModTime().Equal(was.Time)
}

// add remembers a file, and forgets those that are gone.
func (k *kept) add(name string, info os.FileInfo) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for other := range k.files {
		if _, err := os.Lstat(filepath.Join(k.dir, other)); errors.Is(err, fs.ErrNotExist) {
			delete(k.files, other)
		}
	}
	k.files[name] = keptFile{info.Size(), info.ModTime()}
	b, err := json.Marshal(k.files)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return folder.Write(filepath.Dir(k.path), filepath.Base(k.path), b)
}
