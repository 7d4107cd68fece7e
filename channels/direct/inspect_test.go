package direct

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestInspect(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	packed, got := roundTrip(t, w.north.sender(srv, RailConfig{}), srv, shipment())
	in := w.lake.agent.Inspect(context.Background(), got.Body)
	if in.Verdict != "accepted" || in.Sender != north || in.MessageID != packed.ControlID || len(in.Signers) != 1 || len(in.Recipients) != 1 {
		t.Fatalf("got %+v", in)
	}
	if want := []string{"enveloped-data aes-256-cbc rsa", "signed-data detached rsa-sha-256", "message/rfc822"}; !slices.Equal(in.Layers, want) {
		t.Errorf("layers: got %q, want %q", in.Layers, want)
	}
	if r := in.Recipients[0]; r.Address != lake || !r.Trusted || r.Bound != "domain" || len(r.Chain) != 2 {
		t.Errorf("recipient: %+v", r)
	}
	if len(in.Parts) == 0 || in.Signers[0].Certificate.Key != "RSA 2048" {
		t.Errorf("parts %v, signer %+v", in.Parts, in.Signers)
	}
	stranger := w.evil.agent.Inspect(context.Background(), got.Body)
	if stranger.Verdict != "refused" || len(stranger.Layers) != 1 || stranger.Sender != "" || !strings.Contains(stranger.Why, "no recipient is an address of ours") {
		t.Errorf("without a key: %+v", stranger)
	}
	must(t, os.RemoveAll(filepath.Join(w.lake.dir, "anchors")))
	must(t, os.Mkdir(filepath.Join(w.lake.dir, "anchors"), 0o700))
	w.lake.load(t)
	if in := w.lake.agent.Inspect(context.Background(), got.Body); in.Verdict != "refused" || in.Reason != "untrusted: no_path_to_anchor" {
		t.Errorf("without an anchor: %+v", in)
	}
}

func TestCandidatesAndCheck(t *testing.T) {
	w := newWorld(t)
	found, err := w.north.agent.Candidates(context.Background(), lake)
	if err != nil || len(found) != 1 || !found[0].Usable || found[0].Where != "files" || found[0].Certificate.For[0] != "direct.lakeside.example" {
		t.Errorf("got %+v %v", found, err)
	}
	if found, err := w.north.agent.Candidates(context.Background(), evil); err != nil || len(found) != 0 {
		t.Errorf("stranger: got %+v %v", found, err)
	}
	levels := map[string]string{}
	for _, f := range w.north.agent.Check(context.Background(), []string{lake, evil}) {
		levels[f.What] = f.Level
	}
	for what, want := range map[string]string{"signing": FindingOK, "decrypting": FindingOK, "trust anchors": FindingOK, "certificate of " + lake: FindingOK, "certificate of " + evil: FindingBad} {
		if levels[what] != want {
			t.Errorf("%s: got %q, want %q", what, levels[what], want)
		}
	}
	if ids := w.north.agent.Identities(); len(ids) != 1 || ids[0].For != "direct.northside.example" || ids[0].Use != "both" || len(ids[0].Problems) != 0 {
		t.Errorf("identities: %+v", ids)
	}
}
