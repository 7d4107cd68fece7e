package direct

import (
	"context"
	"strings"
	"testing"
)

// Each partner gets the algorithms of its rail, and another agent reads them all.
func TestAlgorithmsOfRail(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	for want, cfg := range map[string]RailConfig{
		"enveloped-data aes-256-cbc rsa":          {},
		"enveloped-data aes-128-cbc rsa-oaep":     {Cipher: "aes-128-cbc", KeyWrap: "oaep-sha-1"},
		"authEnveloped-data aes-256-gcm rsa-oaep": {Cipher: "aes-256-gcm", KeyWrap: "oaep-sha-256"},
		"authEnveloped-data aes-128-gcm rsa":      {Cipher: "aes-128-gcm", KeyWrap: "rsa-v1.5"},
	} {
		packed, got := roundTrip(t, w.north.sender(srv, cfg), srv, shipment())
		_, o := judgeAndOpen(t, w.lake, got)
		kind, _, _ := strings.Cut(want, " ")
		if o.Refused != "" || !strings.Contains(string(packed.Body), "smime-type="+kind+";") {
			t.Errorf("%s: %+v", want, o.Refused)
		}
		if layers := w.lake.agent.Inspect(context.Background(), got.Body).Layers; len(layers) == 0 || layers[0] != want {
			t.Errorf("got %q, want %q", layers, want)
		}
	}
}
