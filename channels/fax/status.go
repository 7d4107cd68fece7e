package fax

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/folder"
)

const (
	statusSuffix = ".status.json"
	maxStatus    = 64 << 10
)

// status is the <delivery>.status.json that a gateway writes, in our words; see docs/fax-gateways.md.
type status struct {
	State   string // done or failed
	Pages   int    // pages the other machine confirmed
	Counted bool   // the gateway gave a number of pages
	Code    string // the gateway's word for the cause: busy, no_answer, ...
}

// statusFile is what stands in the file: each fact under its name or one of the other names that gateways use.
type statusFile struct {
	State     string      `json:"state"`
	Status    string      `json:"status"`
	FaxStatus string      `json:"fax_status"`
	Pages     json.Number `json:"pages"`
	PageCount json.Number `json:"page_count"`
	PagesSent json.Number `json:"pages_sent"`
	Code      string      `json:"code"`
	Cause     string      `json:"cause"`
	Reason    string      `json:"reason"`
	Error     string      `json:"error"`
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
		Log: s.d.Log.With("rail", s.d.Name), Subject: "fax status file", Refused: s.aside(h),
	}, func(ctx context.Context, f folder.File) error { return s.confirm(ctx, h, f) })
	return w.Run(take, hold)
}

// aside tells people of status files that cannot be used: what they say of a fax is not known here. Rails that share an outbox share the item.
func (s *Sender) aside(h channels.Handler) func(context.Context, int, time.Time) error {
	dir := string(s.cfg.Folder)
	return func(ctx context.Context, files int, newest time.Time) error {
		return channels.TellAside(ctx, h, "fax-outbox "+dir, filepath.Join(dir, folder.RefusedDir), files, newest, s.d.Now())
	}
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

// parseStatus reads a status strictly in what matters; keys that a gateway adds are ignored. Errors quote nothing of the file.
func parseStatus(b []byte) (status, error) {
	var f statusFile
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	if err := d.Decode(&f); err != nil {
		return status{}, fmt.Errorf("got %d bytes that are no JSON object with state, pages and code, want {\"state\": \"done\", \"pages\": 3, \"code\": \"\"}", len(b))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return status{}, errors.New("got more than one JSON value, want one")
	}
	word := cmp.Or(f.State, f.Status, f.FaxStatus)
	state, cause := stateOf(word)
	if state == "" {
		return status{}, fmt.Errorf("state: got a word of %d characters that is none we know, want done, failed, busy or no_answer", len(word))
	}
	st := status{State: state, Code: gateway.Tidy(cmp.Or(f.Code, f.Cause, f.Reason, f.Error, cause))}
	if state == "failed" {
		st.Code = gateway.Cause(st.Code)
	}
	if n := cmp.Or(f.Pages, f.PageCount, f.PagesSent); n != "" {
		pages, err := strconv.Atoi(n.String())
		if err != nil || pages < 0 || pages > 100_000 {
			return status{}, errors.New("pages: got a number that is none of pages, want 0 to 100000")
		}
		st.Pages, st.Counted = pages, true
	}
	return st, nil
}

// stateOf brings the words of gateways for a final state to done and failed; empty: it is none of them. Some name the cause alone.
func stateOf(word string) (state, cause string) {
	switch w := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(word))); w {
	case "done", "sent", "success", "successful", "ok", "delivered", "complete", "completed":
		return "done", ""
	case "failed", "failure", "error", "fail":
		return "failed", ""
	case "busy", "no_answer":
		return "failed", w
	case "noanswer":
		return "failed", "no_answer"
	}
	return "", ""
}

// partial is the code of a fax of which not all pages were confirmed.
const partial = "partial"

// receipt says delivered only when every page was confirmed, which done without a number of pages says. A fax machine proves that pages came out of
// it, not who read them: grade D. When some pages may be there nothing is sent again by itself to the same machine.
func (s *Sender) receipt(id string, st status, mark sent, raw []byte) channels.Receipt {
	r := channels.Receipt{DeliveryID: id, Code: st.Code, Pages: st.Pages, Grade: "D", At: s.d.Now().UTC(), Raw: raw, Type: "fax/status", RawType: "application/json", Level: channels.LevelFailed}
	switch {
	case st.State == "done" && !st.Counted:
		r.Level, r.Text = channels.LevelDelivered, fmt.Sprintf("the gateway says that all went, %d pages; it gave no number", mark.Pages)
	case st.State == "done" && st.Pages >= mark.Pages:
		r.Level, r.Text = channels.LevelDelivered, fmt.Sprintf("%d of %d pages confirmed", st.Pages, mark.Pages)
	case st.State == "done":
		r.Permanent, r.Text = true, fmt.Sprintf("only %d of %d pages confirmed", st.Pages, mark.Pages)
	default:
		r.Text = fmt.Sprintf("the gateway gave up after %d of %d pages", st.Pages, mark.Pages)
		r.Permanent = st.Pages > 0 || permanent(st.Code)
	}
	if r.Code == "" {
		r.Code = st.State
		if r.Permanent {
			r.Code = partial
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
