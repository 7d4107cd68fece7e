package mllp

import (
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"time"

	"refloop/config"
)

// statEvery is how often the files of a TLS configuration are looked at, at most.
const statEvery = time.Second

// keptTLS is a TLS configuration that follows its files: renewed certificates are used from the next connection on, without a restart. Files
// that cannot be used leave the old configuration in place.
type keptTLS struct {
	files []config.Path
	load  func() (*tls.Config, error)
	fail  func(error) // told once for each change that cannot be used; nil: nobody is
	now   func() time.Time

	mu     sync.Mutex
	cfg    *tls.Config
	stamp  []stamp
	looked time.Time
}

// stamp tells whether a file was written since.
type stamp struct {
	size int64
	at   time.Time
}

// keepTLS loads a configuration for the first time.
func keepTLS(load func() (*tls.Config, error), files ...config.Path) (*keptTLS, error) {
	cfg, err := load()
	if err != nil || cfg == nil {
		return nil, err
	}
	k := &keptTLS{load: load, now: time.Now, cfg: cfg}
	for _, f := range files {
		if f != "" {
			k.files = append(k.files, f)
		}
	}
	k.stamp, _ = k.stamps()
	k.looked = k.now()
	return k, nil
}

func (k *keptTLS) stamps() ([]stamp, error) {
	var out []stamp
	var errs []error
	for _, f := range k.files {
		info, err := os.Stat(string(f))
		if err != nil {
			errs = append(errs, err)
			out = append(out, stamp{})
			continue
		}
		out = append(out, stamp{info.Size(), info.ModTime()})
	}
	return out, errors.Join(errs...)
}

// current is the configuration of now.
func (k *keptTLS) current() *tls.Config {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); now.Sub(k.looked) >= statEvery {
		k.looked = now
		k.look()
	}
	return k.cfg
}

func (k *keptTLS) look() {
	stamps, err := k.stamps()
	same := len(stamps) == len(k.stamp)
	for i := range stamps {
		same = same && stamps[i].size == k.stamp[i].size && stamps[i].at.Equal(k.stamp[i].at)
	}
	if same {
		return
	}
	k.stamp = stamps
	if err == nil {
		var cfg *tls.Config
		if cfg, err = k.load(); err == nil {
			k.cfg = cfg
			return
		}
	}
	if k.fail != nil {
		k.fail(err)
	}
}

// keepServerTLS is serverTLS that follows its files.
func keepServerTLS(t *TLS) (*keptTLS, error) {
	return keepTLS(func() (*tls.Config, error) { return serverTLS(t) }, t.Certificate, t.Key, t.ClientCA)
}

// keepClientTLS is clientTLS that follows its files; nil: plain TCP.
func keepClientTLS(address string, r RailConfig) (*keptTLS, error) {
	return keepTLS(func() (*tls.Config, error) { return clientTLS(address, r) }, r.CA, r.Cert, r.Key)
}
