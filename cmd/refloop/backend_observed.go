package main

import (
	"slices"
	"strings"

	"refloop/channels"
	"refloop/console"
)

// redLane marks a lane that its rail says cannot be used.
func redLane(room *console.RoomHealth, seen map[string]channels.Observation) {
	for _, o := range seen {
		for _, l := range o.Lanes {
			if l.State == channels.LaneRed && "lane/"+l.Lane == room.Name {
				room.State, room.Reason = "red", l.Note
			}
		}
	}
}

// maxSeenNotes bounds how many alarms health repeats; the worklist has them all.
const maxSeenNotes = 20

// observedHealth adds what rails see by themselves: alarms in words, certificates that end.
func observedHealth(h *console.Health, seen map[string]channels.Observation) {
	for _, o := range seen {
		for _, a := range o.Alarms {
			if len(h.Notes) < maxSeenNotes {
				h.Notes = append(h.Notes, a.Note)
			}
		}
		for _, c := range o.Certificates {
			h.Certificates = append(h.Certificates, console.CertificateHealth{Kind: c.Kind, SHA256: c.SHA256, Ends: c.Ends})
		}
	}
	slices.SortFunc(h.Certificates, func(a, b console.CertificateHealth) int {
		return strings.Compare(a.Ends.String()+a.SHA256, b.Ends.String()+b.SHA256)
	})
}
