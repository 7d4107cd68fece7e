package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/config"
	"refloop/hl7"
	"refloop/transform"
)

// dryTime is when a dry run happens, so that two runs of one message are equal.
var dryTime = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

// Numbers in a dry run: of the referral that it makes, of the message and of the delivery.
const (
	dryID       = "DRYRUN0000000001"
	dryMessage  = "DRYRUN"
	dryDelivery = "00000000-0000-4000-8000-000000000001"
)

// dryRoom is one channel of a configuration with nothing opened: what it makes of a message stays in the hand of the caller.
type dryRoom struct {
	pl     *plan
	cfg    config.Channel
	rules  transform.Channel
	answer *mllp.Config     // of an mllp channel: how it answers
	watch  *transform.Watch // notes what the first run reads; nil: nothing is noted
}

// dryRooms are the channels of a plan, in file order.
func dryRooms(pl *plan) []dryRoom {
	var out []dryRoom
	for i, c := range pl.cfg.Channels {
		room := dryRoom{pl: pl, cfg: c, rules: pl.channels[i].rules}
		if c.Type == channels.MLLP {
			own := mllp.DecodeChannel(c, &config.Problems{}) // its mistakes were reported by the plan
			room.answer = &own
		}
		out = append(out, room)
	}
	return out
}

// dryRoomNamed finds a channel; an error names those that there are.
func dryRoomNamed(pl *plan, name string) (dryRoom, error) {
	var names []string
	for _, r := range dryRooms(pl) {
		if r.cfg.Name == name {
			return r, nil
		}
		names = append(names, r.cfg.Name)
	}
	return dryRoom{}, usageError{fmt.Errorf("--channel: got %q, want one of %s", name, strings.Join(names, ", "))}
}

// dryResult is what a channel makes of a message.
type dryResult struct {
	decoded transform.Decoded
	answer  []byte // the ACK; nil when none is sent
	facts   []dryFact
}

// run takes a message as the channel would, up to what would be sent. An error means that the bytes are no message of this channel.
func (d dryRoom) run(body []byte) (dryResult, error) {
	m, err := hl7.ParseWith(body, hl7.Options{Charset: d.rules.Charset})
	if err != nil {
		return dryResult{}, err
	}
	a := channels.Archived{
		ID: dryMessage, Channel: d.cfg.Name, Partner: d.cfg.Partner, Peer: "dry run", Type: m.Type(), ContentType: mllp.ContentType, ControlID: m.ControlID(),
		ReceivedAt: dryTime, Body: body,
	}
	opened, err := mllp.Open(a, hl7.Limits{})
	if err != nil {
		return dryResult{}, err
	}
	var out dryResult
	out.decoded = transform.Decode(transform.Source{Message: a, Opened: opened, Channel: d.rules, Directory: d.pl.directory, Watch: d.watch})
	if d.answer != nil {
		out.answer = mllp.Answer(*d.answer, m, channels.Outcome{
			MessageID: a.ID, ReceivedAt: dryTime, Verdict: out.decoded.Verdict, Problems: out.decoded.Problems, Reason: "dry run",
		})
	}
	d.followAll(&out)
	return out, nil
}

// verdictWord is the answer as a letter code.
func verdictWord(v channels.Verdict) string {
	switch v {
	case channels.Repair:
		return "AE"
	case channels.Reject:
		return "AR"
	}
	return "AA"
}

// segmentLines are the segments of a message, one a line.
func segmentLines(b []byte) []string {
	var out []string
	for _, line := range bytes.Split(b, []byte("\r")) {
		if len(line) > 0 {
			out = append(out, string(line))
		}
	}
	return out
}
