package fax

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/folder"
)

const (
	statusSuffix = ".status.json"
	maxStatus    = 64 << 10
)

// status is the <delivery>.status.json that a gateway writes.
type status struct {
	State string `json:"state"` // done or failed
	Pages int    `json:"pages"` // pages the other machine confirmed
	Code  string `json:"code"`  // the gateway's word for the cause: busy, no_answer, ...
}

// Watch turns what becomes of faxes into receipts until take ends: of an outbox the status files, of HylaFAX its jobs, of an HTTP gateway
// the states it tells when it is asked. What mail gateways say is read by a channel.
func (s *Sender) Watch(take, hold context.Context, h channels.Handler) error {
	switch {
	case s.cfg.Hyla != nil:
		return s.poll(take, hold, h, s.pollHyla)
	case s.cfg.HTTP != nil && s.cfg.HTTP.StatusURL != "":
		return s.poll(take, hold, h, s.pollHTTP)
	case s.cfg.Folder == "":
		<-take.Done()
		return nil
	}
	return s.watchFolder(take, hold, h)
}

// watchFolder turns status files into receipts. What a gateway says of a fax of another rail that uses the same folder is
// left to that rail; what it says of no fax of ours is set aside with a reason, as is what cannot be read.
func (s *Sender) watchFolder(take, hold context.Context, h channels.Handler) error {
	w := folder.New(folder.Config{
		Dir: string(s.cfg.Folder), Every: s.cfg.Scan.D(), Settle: s.cfg.Settle.D(), Max: maxStatus, Accept: s.ours,
		Log: s.d.Log.With("rail", s.d.Name), Subject: "fax status file",
	}, func(ctx context.Context, f folder.File) error { return s.confirm(ctx, h, f) })
	return w.Run(take, hold)
}

// ours accepts status files of our faxes and of nobody's.
func (s *Sender) ours(name string) bool {
	id, ok := strings.CutSuffix(name, statusSuffix)
	if !ok {
		return false
	}
	m, known := s.marked(id)
	return !known || m.Rail == s.d.Name
}

// confirm hands one status to the engine and, when that is durable, empties the outbox of the fax.
func (s *Sender) confirm(ctx context.Context, h channels.Handler, f folder.File) error {
	id := strings.TrimSuffix(f.Name, statusSuffix)
	if !plainID.MatchString(id) {
		return &folder.Aside{Reason: "got a name that is no delivery ID, want <delivery>.status.json"}
	}
	st, err := parseStatus(f.Body)
	if err != nil {
		return &folder.Aside{Reason: err.Error()}
	}
	mark, ok := s.marked(id)
	if !ok {
		return &folder.Aside{Reason: "got a status of no fax that is out, want one of a delivery ID in the outbox"}
	}
	if err := h.Confirm(ctx, s.receipt(id, st, mark, f.Body)); err != nil {
		return fmt.Errorf("fax: status of delivery %s: %w", id, err)
	}
	s.clear(id, st.State == "done")
	return nil
}

// parseStatus reads a status strictly in what matters; keys that a gateway adds are ignored. Errors quote nothing but the state.
func parseStatus(b []byte) (status, error) {
	var st status
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	if err := d.Decode(&st); err != nil {
		return status{}, fmt.Errorf("got %d bytes that are no JSON object with state, pages and code, want {\"state\": \"done\", \"pages\": 3, \"code\": \"\"}", len(b))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return status{}, errors.New("got more than one JSON value, want one")
	}
	switch {
	case st.State != "done" && st.State != "failed":
		return status{}, fmt.Errorf("state: got a word of %d characters, want done or failed", len(st.State))
	case st.Pages < 0 || st.Pages > 100_000:
		return status{}, fmt.Errorf("pages: got %d, want 0 or more", st.Pages)
	}
	st.Code = gateway.Tidy(st.Code)
	return st, nil
}

// receipt says delivered only when every page was confirmed. A fax machine proves that pages came out of it, not who read them: grade D.
func (s *Sender) receipt(id string, st status, mark sent, raw []byte) channels.Receipt {
	r := channels.Receipt{DeliveryID: id, Code: st.Code, Pages: st.Pages, Grade: "D", At: s.d.Now().UTC(), Raw: raw, Type: "fax/status", RawType: "application/json"}
	switch {
	case st.State == "done" && st.Pages >= mark.Pages:
		r.Level, r.Text = channels.LevelDelivered, fmt.Sprintf("%d of %d pages confirmed", st.Pages, mark.Pages)
	case st.State == "done":
		r.Level, r.Text = channels.LevelFailed, fmt.Sprintf("only %d of %d pages confirmed", st.Pages, mark.Pages)
	default:
		r.Level, r.Text = channels.LevelFailed, fmt.Sprintf("the gateway gave up after %d of %d pages", st.Pages, mark.Pages)
		r.Permanent = permanent(st.Code)
	}
	if r.Code == "" {
		r.Code = st.State
		if r.Level == channels.LevelFailed && st.State == "done" {
			r.Code = "partial"
		}
	}
	return r
}

// permanent tells causes that no further call mends. A busy line, no answer and line faults are worth another call.
func permanent(code string) bool {
	switch strings.ToLower(strings.NewReplacer("-", "_", ".", "_").Replace(code)) {
	case "invalid_number", "bad_number", "wrong_number", "unassigned_number", "disconnected", "not_a_fax", "no_fax", "voice_answered", "blocked", "rejected", "refused", "format_failed", "bad_file":
		return true
	}
	return false
}

// clear removes the pages from the outbox: they are in the clear there. The mark of a failed fax stays, so that the next attempt is known
// to be a new one.
func (s *Sender) clear(id string, done bool) {
	dir := string(s.cfg.Folder)
	names := []string{id + ".tif", id + ".json"}
	if done {
		names = append(names, filepath.Join(sentDir, id))
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.d.Log.Error("file of a settled fax cannot be removed", "rail", s.d.Name, "delivery", id, "error", errors.Unwrap(err))
		}
	}
}
