package channels

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// AlarmBatch is the kind of the alarm of a batch that may lack messages.
const AlarmBatch = "batch_incomplete"

// AlarmUnreadable is the kind of the alarm of a channel on which something came that is no message of its kind.
const AlarmUnreadable = "frames_unreadable"

// TellIncomplete tells the engine, when it is an [Observer], that a batch of a channel may lack messages: there is one item for each such batch, also
// when it comes again. why says what speaks for it, without content.
func TellIncomplete(ctx context.Context, h Handler, channel string, body []byte, messages int, why string, now time.Time) error {
	to, ok := h.(Observer)
	if !ok {
		return nil
	}
	sum := sha256.Sum256(body)
	key := channel + " " + hex.EncodeToString(sum[:8])
	return to.Observe(ctx, Observation{
		Source: "channel/" + channel + "/batch", At: now, Kinds: []string{AlarmBatch}, Scope: key, // nothing else of this kind is over by it
		Alarms: []Alarm{{Kind: AlarmBatch, Key: key, Note: fmt.Sprintf("a batch on channel %s may lack messages: %s; the %d that came were taken", channel, why, messages)}},
	})
}
