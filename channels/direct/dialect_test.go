package direct

import (
	"strings"
	"testing"

	"refloop/channels"
)

// TestDialects: what travels under each dialect, read by ourselves.
func TestDialects(t *testing.T) {
	for dialect, want := range map[string]string{"360x": "hl7v2 cda pdf", "360x+cda": "hl7v2 cda pdf", "plain": "cda pdf", "cda": "cda pdf", "pdf-cda": "cda pdf"} {
		w := newWorld(t)
		srv := serve(t, w.lake, 1<<20, nil)
		_, got := roundTrip(t, w.north.sender(srv, RailConfig{Dialect: dialect}), srv, shipment())
		_, o := judgeAndOpen(t, w.lake, got)
		var kinds []string
		for _, p := range o.Parts {
			if p.Kind != channels.KindText {
				kinds = append(kinds, p.Kind)
			}
		}
		if got := strings.Join(kinds, " "); got != want || (o.Type == Type360X) != strings.HasPrefix(dialect, "360x") {
			t.Errorf("%s: got %s with %s, want %s", dialect, o.Type, got, want)
		}
	}
}
