package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Pages is the HTTP server of `console.listen`: health and metrics now, the staff pages later.
type Pages struct {
	server *http.Server
	addr   net.Addr
	done   chan struct{}
}

// OpenPages listens on addr.
func OpenPages(addr string, b Backend, log *slog.Logger) (*Pages, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("console: listen %s: %w", addr, err)
	}
	reg := prometheus.NewRegistry()
	if err := reg.Register(&collector{b: b, log: log}); err != nil {
		return nil, fmt.Errorf("console: metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, map[string]bool{"live": true}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		h := b.Health(r.Context())
		status := http.StatusOK
		if !h.Ready {
			status = http.StatusServiceUnavailable
		}
		reply(w, status, h)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{Timeout: 10 * time.Second}))
	p := &Pages{server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}, addr: ln.Addr(), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		if err := p.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("console stopped", "error", err)
		}
	}()
	return p, nil
}

// Addr is where it listens.
func (p *Pages) Addr() net.Addr { return p.addr }

// Close ends it: what is being answered gets closeTime.
func (p *Pages) Close() error {
	err := closeServer(p.server, closeTime)
	<-p.done
	return err
}

// closeTime is how long requests under way may go on.
const closeTime = 5 * time.Second

// closeServer ends a server. A client that is still busy after the time given is cut off: that is no failure of ours.
func closeServer(s *http.Server, give time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), give)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return s.Close()
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := line(v)
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		return // the client went away
	}
}

// collector makes metrics of a backend's counts at each scrape. Labels are names of the configuration and states, never people.
type collector struct {
	b   Backend
	log *slog.Logger
}

// The metrics. Times are Unix seconds.
func descriptions() map[string]*prometheus.Desc {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("refloop_"+name, help, labels, nil)
	}
	return map[string]*prometheus.Desc{
		"messages":   d("messages_waiting", "Messages that wait for something, by state.", "state"),
		"referrals":  d("referrals", "Referrals by state.", "state"),
		"deliveries": d("deliveries", "Deliveries by state.", "state"),
		"incidents":  d("incidents_open", "Open worklist items and alarms by kind.", "kind"),
		"waiting":    d("lane_waiting", "Deliveries that wait in a lane.", "lane"),
		"oldest":     d("lane_oldest_seconds", "Unix time at which the oldest waiting delivery of a lane was queued.", "lane"),
		"last":       d("channel_last_received_seconds", "Unix time of the last message of a channel.", "channel"),
		"wal":        d("store_wal_bytes", "Size of the write-ahead log."),
		"ready":      d("ready", "1 when the daemon is ready."),
		"stuck":      d("room_stuck", "1 when work waits for a channel or lane and nothing moves.", "room"),
		"red":        d("lane_red", "1 when nothing can be sent by a partner's lane now: its certificate was revoked or has ended.", "lane"),
		"unreadable": d("mllp_unreadable_total", "What came on a channel since start and was no message: frame, too_large, not_mllp.", "channel", "kind"),
		"ends":       d("certificate_end_seconds", "Unix time at which a certificate ends; those that end within 60 days or have ended.", "kind", "sha256"),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descriptions() {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d := descriptions()
	gauge := func(name string, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d[name], prometheus.GaugeValue, v, labels...)
	}
	st, err := c.b.Stats(ctx)
	if err != nil {
		c.log.Error("metrics", "error", err)
		ch <- prometheus.NewInvalidMetric(d["ready"], err)
		return
	}
	for name, counts := range map[string]map[string]int64{"messages": st.Messages, "referrals": st.Referrals, "deliveries": st.Deliveries, "incidents": st.Incidents, "waiting": st.LaneWaiting} {
		for label, n := range counts {
			gauge(name, float64(n), label)
		}
	}
	for lane, t := range st.LaneOldest {
		gauge("oldest", float64(t.Unix()), lane)
	}
	for name, t := range st.ChannelLast {
		gauge("last", float64(t.Unix()), name)
	}
	gauge("wal", float64(st.WALBytes))
	h := c.b.Health(ctx)
	gauge("ready", truth(h.Ready))
	for _, r := range h.Rooms {
		gauge("stuck", truth(r.State == "stuck"), r.Name)
		if lane, ok := strings.CutPrefix(r.Name, "lane/"); ok {
			gauge("red", truth(r.State == "red"), lane)
		}
		for kind, n := range r.Unreadable {
			ch <- prometheus.MustNewConstMetric(d["unreadable"], prometheus.CounterValue, float64(n), strings.TrimPrefix(r.Name, "channel/"), kind)
		}
	}
	for _, c := range h.Certificates {
		gauge("ends", float64(c.Ends.Unix()), c.Kind, c.SHA256[:min(16, len(c.SHA256))])
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
