package channels

import (
	"context"
	"fmt"
	"time"
)

// AlarmAside is the kind of the alarm of a channel whose folder holds files that could not be taken.
const AlarmAside = "files_set_aside"

// TellAside tells the engine, when it is an [Observer], how many files of a channel stand set aside in dir and when the newest came there. It is
// over when nobody left one there; a further file is a new alarm, also when a person closed the one before.
func TellAside(ctx context.Context, h Handler, channel, dir string, files int, newest, now time.Time) error {
	to, ok := h.(Observer)
	if !ok {
		return nil
	}
	o := Observation{Source: "channel/" + channel + "/folder", At: now, Kinds: []string{AlarmAside}, Scope: channel + " "}
	if files > 0 {
		o.Alarms = []Alarm{{Kind: AlarmAside, Key: o.Scope + newest.UTC().Format(time.RFC3339Nano), Note: fmt.Sprintf(
			"%d files that channel %s could not take stand in %s, each with its reason beside it; look at them and take them away", files, channel, dir)}}
	}
	return to.Observe(ctx, o)
}
