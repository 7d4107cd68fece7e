package trust

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"

	"refloop/direct/cms"
)

// bag is a certs-only PKCS#7.
func bag(t testing.TB, certs ...*x509.Certificate) []byte {
	t.Helper()
	var der []byte
	for _, c := range certs {
		der = append(der, c.Raw...)
	}
	b, err := pkcs7.DegenerateCertificate(der)
	must(t, err)
	return b
}

// signedBag is the same, signed by its publisher.
func signedBag(t testing.TB, by cms.Identity, content []byte) []byte {
	t.Helper()
	sd, err := pkcs7.NewSignedData(content)
	must(t, err)
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	must(t, sd.AddSigner(by.Certificate, by.Key, pkcs7.SignerInfoConfig{}))
	b, err := sd.Finish()
	must(t, err)
	return b
}

func TestBundles(t *testing.T) {
	var anchors []*x509.Certificate
	for _, name := range []string{"a", "b", "c", "d"} {
		anchors = append(anchors, authority(t, name, nil, nil).Certificate)
	}
	publisher, stranger := authority(t, "publisher", nil, nil), authority(t, "stranger", nil, nil)
	old := authority(t, "old publisher", nil, expired)
	all := bag(t, anchors...)
	for _, c := range []struct {
		name   string
		signer []*x509.Certificate
		file   []byte
		want   int // anchors; 0: refused, the one before stays
	}{
		{"plain", nil, all, 4},
		{"signed", []*x509.Certificate{publisher.Certificate}, signedBag(t, publisher, all), 4},
		{"plain where signed is wanted", []*x509.Certificate{publisher.Certificate}, all, 0},
		{"signed by somebody else", []*x509.Certificate{publisher.Certificate}, signedBag(t, stranger, all), 0},
		{"signed, nobody configured", nil, signedBag(t, publisher, all), 0},
		{"by an expired publisher", []*x509.Certificate{old.Certificate}, signedBag(t, old, all), 0},
		{"changed", []*x509.Certificate{publisher.Certificate}, bytes.Replace(signedBag(t, publisher, all), []byte("\x13\x01b"), []byte("\x13\x01x"), 1), 0},
		{"empty", nil, bag(t), 0},
		{"only expired ones", nil, bag(t, old.Certificate), 0},
		{"junk", nil, []byte("junk"), 0},
	} {
		web := newSite(t)
		web.put("/bundle", c.file)
		b := NewBundles([]Bundle{{URL: web.URL + "/bundle", Signer: c.signer, Every: time.Hour}}, t.TempDir(), time.Now, slog.New(slog.DiscardHandler))
		err := b.Update(t.Context(), 0)
		if got := len(b.Anchors()); got != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s: got %d anchors, want %d (%v)", c.name, got, c.want, err)
		}
	}
}

// The last good one outlives a failing publisher and a restart; many anchors that go raise an alarm.
func TestBundlesKept(t *testing.T) {
	one, two, three := authority(t, "1", nil, nil).Certificate, authority(t, "2", nil, nil).Certificate, authority(t, "3", nil, nil).Certificate
	web, dir := newSite(t), t.TempDir()
	var said bytes.Buffer
	say := slog.New(slog.NewTextHandler(&said, nil))
	list := []Bundle{{URL: web.URL + "/bundle?token=secret", Every: time.Hour}}
	b := NewBundles(list, dir, time.Now, say)
	web.put("/bundle", bag(t, one, two, three))
	must(t, b.Update(t.Context(), 0))
	web.put("/bundle", []byte("junk"))
	if err := b.Update(t.Context(), 0); err == nil || len(b.Anchors()) != 3 {
		t.Errorf("junk: got %v and %d anchors", err, len(b.Anchors()))
	}
	again := NewBundles(list, dir, time.Now, say)
	if got := len(again.Anchors()); got != 3 {
		t.Errorf("after a restart: got %d anchors, want 3", got)
	}
	store := New(nil, []Anchors{{Domain: "*"}}, nil, nil, nil).With(b)
	if got := len(store.Inbound(peer, time.Now()).Anchors); got != 3 {
		t.Errorf("policy: got %d anchors, want 3", got)
	}
	if strings.Contains(said.String(), "secret") {
		t.Errorf("the log holds the token: %q", said.String())
	}
	must(t, os.RemoveAll(dir))
}

// A bundle that lacks many anchors waits for a person; the last good one stays in use, also over a restart, until the new one is accepted or
// the publisher repairs it.
func TestBundleShrinks(t *testing.T) {
	var all []*x509.Certificate
	for _, name := range []string{"1", "2", "3", "4", "5", "6"} {
		all = append(all, authority(t, name, nil, nil).Certificate)
	}
	other := authority(t, "7", nil, nil).Certificate
	web, dir := newSite(t), t.TempDir()
	list := []Bundle{{URL: web.URL + "/bundle?token=secret", Every: time.Hour}}
	fresh := func() *Bundles { return NewBundles(list, dir, time.Now, slog.New(slog.DiscardHandler)) }
	b := fresh()
	web.put("/bundle", bag(t, all...))
	must(t, b.Update(t.Context(), 0))
	web.put("/bundle", bag(t, all[1:]...)) // one of six is no reason for an alarm
	must(t, b.Update(t.Context(), 0))
	web.put("/bundle", bag(t, all[4], all[5], other))
	if err := b.Update(t.Context(), 0); !errors.Is(err, ErrShrunk) || len(b.Anchors()) != 5 {
		t.Fatalf("got %v and %d anchors", err, len(b.Anchors()))
	}
	s := fresh().States()[0]
	if s.Offered == nil || len(s.Offered.Gone) != 3 || s.Offered.Added != 1 || s.Anchors != 5 || strings.Contains(s.URL, "secret") {
		t.Fatalf("got %+v", s)
	}
	for _, c := range []struct{ url, sum string }{{"https://elsewhere.example/", s.Offered.SHA256}, {s.URL, "00"}} {
		if err := fresh().Accept(c.url, c.sum); err == nil {
			t.Errorf("%+v: got no error", c)
		}
	}
	must(t, fresh().Accept(s.URL, s.Offered.SHA256)) // as another process does
	if got := len(fresh().Anchors()); got != 3 {
		t.Errorf("accepted: got %d anchors, want 3", got)
	}
	if err := fresh().Accept(s.URL, s.Offered.SHA256); err == nil {
		t.Error("accepted twice")
	}
	must(t, fresh().Update(t.Context(), 0))
	web.put("/bundle", bag(t, other))
	if err := fresh().Update(t.Context(), 0); !errors.Is(err, ErrShrunk) {
		t.Errorf("got %v", err)
	}
	web.put("/bundle", bag(t, all[4], all[5], other))
	must(t, fresh().Update(t.Context(), 0))
	if s := fresh().States()[0]; s.Offered != nil || s.Anchors != 3 {
		t.Errorf("repaired: got %+v", s)
	}
}

// A site with a certification authority of its own is believed when it is configured, and only then.
func TestBundleByTLS(t *testing.T) {
	content := bag(t, authority(t, "1", nil, nil).Certificate)
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }))
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(web.Close)
	for name, c := range map[string]struct {
		ca []*x509.Certificate
		ok bool
	}{"its own": {[]*x509.Certificate{web.Certificate()}, true}, "the system's": {nil, false}, "another": {[]*x509.Certificate{authority(t, "x", nil, nil).Certificate}, false}} {
		b := NewBundles([]Bundle{{URL: web.URL, CA: c.ca, Every: time.Hour}}, t.TempDir(), time.Now, slog.New(slog.DiscardHandler))
		if err := b.Update(t.Context(), 0); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Run fetches at once, and ends when told to.
func TestBundlesRun(t *testing.T) {
	fetched := make(chan struct{}, 1)
	web := newSite(t)
	web.put("/bundle", bag(t, authority(t, "1", nil, nil).Certificate))
	ctx, stop := context.WithCancel(t.Context())
	handler := slog.NewTextHandler(writerFunc(func(b []byte) (int, error) { fetched <- struct{}{}; return len(b), nil }), nil)
	b := NewBundles([]Bundle{{URL: web.URL + "/bundle", Every: time.Hour}}, t.TempDir(), time.Now, slog.New(handler))
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	<-fetched
	stop()
	<-done
	if len(b.Anchors()) != 1 {
		t.Error("nothing was fetched")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func FuzzBundle(f *testing.F) {
	publisher := authority(f, "publisher", nil, nil)
	plain := bag(f, publisher.Certificate)
	f.Add(plain)
	f.Add(signedBag(f, publisher, plain))
	trusted := Bundle{Signer: []*x509.Certificate{publisher.Certificate}}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []Bundle{{}, trusted} {
			if certs, err := c.anchors(b, time.Now()); err != nil && certs != nil {
				t.Fatal("anchors beside an error")
			}
		}
	})
}
