package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"refloop/channels"
	"refloop/console"
	"refloop/engine"
	"refloop/referral"
)

// answers is the daemon as the console sees it.
type answers struct {
	reader
	d *daemon
}

// pages is what the daemon serves to this machine: the socket and the console address.
type pages struct {
	local *console.Local
	pages *console.Pages
}

// Close ends both.
func (p *pages) Close() error {
	err := p.local.Close()
	if p.pages != nil {
		err = errors.Join(err, p.pages.Close())
	}
	return err
}

// openConsole opens the local API and, when it has an address, health and metrics.
func (d *daemon) openConsole() (*pages, error) {
	b := answers{reader{d.store}, d}
	local, err := console.OpenLocal(d.settings.Socket, d.plan.cfg.SocketGroup, b, d.log)
	if err != nil {
		return nil, err
	}
	out := &pages{local: local}
	if d.settings.Console == "" {
		return out, nil
	}
	if out.pages, err = console.OpenPages(d.settings.Console, b, d.log); err != nil {
		return nil, errors.Join(err, local.Close())
	}
	d.log.Info("console", "address", out.pages.Addr().String())
	return out, nil
}

// Act implements console.Backend.
func (a answers) Act(ctx context.Context, actor, referralID string, in console.Act) (console.Listed, error) {
	input := engine.ActInput{
		Reason: in.Reason, At: in.At, Until: in.Until, Location: in.Location, Note: in.Note, Author: in.Author, Name: in.Name, Signed: in.Signed, Set: in.Set,
		Hold: in.Hold, Late: in.Late, Pages: in.Pages, Kind: in.Kind,
	}
	if in.To != "" {
		whole, err := a.whole(ctx, "referral", in.To)
		if err != nil {
			return console.Listed{}, err
		}
		input.To = whole
	}
	if in.Patient != "" {
		whole, err := a.whole(ctx, "patient", in.Patient)
		if err != nil {
			return console.Listed{}, err
		}
		input.Patient = whole
	}
	if in.Document != nil {
		input.Document = &engine.ActDocument{Name: in.Document.Name, ContentType: in.Document.ContentType, Body: in.Document.Body}
	}
	before, err := a.Referral(ctx, referralID)
	if errors.Is(err, referral.ErrNotFound) && (in.Verb == "split" || in.Verb == "not-ours" || in.Verb == acceptAs) {
		return a.actMessage(ctx, actor, referralID, in.Verb, input, err)
	}
	if err != nil {
		return console.Listed{}, err
	}
	if in.Verb == acceptAs {
		return console.Listed{}, fmt.Errorf("%wact: accept-as: got a referral, want the id of a message: a fax that is held and became no referral", console.ErrInput)
	}
	since := time.Now().UTC().Truncate(time.Microsecond)
	r, err := a.d.engine.Act(ctx, actor, before.Referral.ID, in.Verb, input)
	if err != nil {
		return console.Listed{}, allowed(err)
	}
	after, err := a.Referral(ctx, r.ID)
	if err != nil {
		return console.Listed{}, err
	}
	after.Notices, err = a.notices(ctx, before, after, since)
	return after, err
}

// allowed turns the engine's refusal into the console's.
func allowed(err error) error {
	var no *engine.NotAllowed
	if errors.As(err, &no) {
		return &console.NotAllowed{Text: no.Error(), Allowed: no.Want}
	}
	var wrong *engine.InputError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%w%s", console.ErrInput, wrong.Error())
	}
	return err
}

// Reprocess implements console.Backend.
func (a answers) Reprocess(ctx context.Context, actor, id string, readAgain bool) (referral.Message, error) {
	whole, err := a.whole(ctx, "message", id)
	if err != nil {
		return referral.Message{}, err
	}
	return a.d.engine.Reprocess(ctx, actor, whole, readAgain)
}

// Resend implements console.Backend.
func (a answers) Resend(ctx context.Context, actor, id string) (referral.Delivery, error) {
	whole, err := a.whole(ctx, "delivery", id)
	if err != nil {
		return referral.Delivery{}, err
	}
	d, err := a.d.engine.Resend(ctx, actor, whole)
	return d, allowed(err)
}

// CloseItem implements console.Backend.
func (a answers) CloseItem(ctx context.Context, actor, id, reason string) error {
	return allowed(a.d.engine.CloseItem(ctx, actor, id, reason))
}

// Reload implements console.Backend.
func (a answers) Reload(ctx context.Context, actor string) error {
	err := a.d.reload()
	return errors.Join(err, a.Saw(ctx, actor, "configuration.reload", a.d.engine.Setup().Hash))
}

// Saw implements console.Backend.
func (a answers) Saw(ctx context.Context, actor, action, object string) error {
	kind, _, _ := strings.Cut(action, ".")
	if whole, err := a.Resolve(ctx, kind, object); err == nil {
		object = whole // the chain names what was read, not how it was typed
	}
	return a.d.engine.Saw(ctx, actor, action, object)
}

// Stats implements console.Backend.
func (a answers) Stats(ctx context.Context) (console.Stats, error) {
	st, err := a.d.store.Stats(ctx)
	out := console.Stats{
		Messages: st.Messages, Referrals: st.Referrals, Deliveries: st.Deliveries, Incidents: st.Incidents, WALBytes: st.WALBytes,
		LaneWaiting: map[string]int64{}, LaneOldest: map[string]time.Time{}, ChannelLast: map[string]time.Time{},
	}
	for _, l := range st.Lanes {
		out.LaneWaiting[l.Lane], out.LaneOldest[l.Lane] = l.Waiting, l.Oldest
	}
	for _, c := range st.Channels {
		out.ChannelLast[c.Channel] = c.Last
	}
	return out, err
}

// stuckAfter is how long work may wait in a lane before the lane counts as stuck.
const stuckAfter = 5 * time.Minute

// Health implements console.Backend: idle is told from stuck by whether anything waits.
func (a answers) Health(ctx context.Context) console.Health {
	h := console.Health{Ready: true}
	st, err := a.Stats(ctx)
	if err != nil {
		return console.Health{Notes: []string{"the store does not answer"}}
	}
	seen := a.d.engine.Observed()
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	for key, r := range a.d.rooms {
		room := console.RoomHealth{Name: key, State: "idle"}
		if r.channel != nil {
			channelHealth(&room, r, st.ChannelLast[strings.TrimPrefix(key, "channel/")])
		} else {
			laneHealth(&room, st, strings.TrimPrefix(key, "lane/"))
			redLane(&room, seen)
		}
		if r.failed != nil {
			if err := r.failed(); err != nil {
				room.State, room.Reason = "closed", err.Error()
			}
		}
		if room.State == "closed" || room.State == "stuck" && r.channel != nil {
			h.Ready = false
		}
		h.Rooms = append(h.Rooms, room)
	}
	sortRooms(h.Rooms)
	if since := a.d.failing.Load(); since != 0 {
		h.Ready = false
		h.Notes = append(h.Notes, "nothing can be written to the store since "+time.Unix(since, 0).UTC().Format(time.RFC3339)+"; is the disk full?")
	}
	if a.d.reloaded.err != nil {
		h.Notes = append(h.Notes, fmt.Sprintf("the configuration of %s was not taken; the old one is in use", a.d.reloaded.at.UTC().Format(time.RFC3339)))
	}
	observedHealth(&h, seen)
	return h
}

func channelHealth(room *console.RoomHealth, r *room, last time.Time) {
	room.State, room.Last = "open", last
	if u, ok := r.channel.(interface{ Unreadable() map[string]int64 }); ok {
		room.Unreadable = u.Unreadable()
	}
	if rd, ok := r.channel.(channels.Ready); ok {
		if err := rd.Ready(); err != nil {
			room.State, room.Reason = "closed", err.Error()
		}
	}
}

func laneHealth(room *console.RoomHealth, st console.Stats, lane string) {
	room.Waiting, room.Oldest = st.LaneWaiting[lane], st.LaneOldest[lane]
	switch {
	case room.Waiting == 0:
	case time.Since(room.Oldest) > stuckAfter:
		room.State, room.Reason = "stuck", "the oldest delivery has waited since "+room.Oldest.UTC().Format(time.RFC3339)
	default:
		room.State = "working"
	}
}

func sortRooms(rooms []console.RoomHealth) {
	for i := range rooms {
		for j := i; j > 0 && rooms[j].Name < rooms[j-1].Name; j-- {
			rooms[j], rooms[j-1] = rooms[j-1], rooms[j]
		}
	}
}

// executable is this program, for child processes; it stays right when the file is replaced during an upgrade.
func executable() (string, error) {
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

var _ console.Backend = answers{}
