package fax

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
)

// webhook makes the source that takes requests.
func (c *Channel) webhook() (source, error) {
	cert, err := c.cfg.Webhook.TLS.server()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	h := &hook{c: c, cfg: c.cfg.Webhook, tls: cert, places: make(chan struct{}, c.cfg.Webhook.Requests)}
	if f := c.cfg.Webhook.Fetch; f != nil {
		if h.fetch, err = newFetcher(f, c.d.Max); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// hook is a server of one path. A request is answered 200 when what it says is durable; the same request again is answered the same.
type hook struct {
	c      *Channel
	cfg    *WebhookSource
	tls    *tls.Config
	fetch  *fetcher
	places chan struct{} // one for each request under way

	mu       sync.Mutex
	listener net.Listener
	running  bool
}

// Listen opens the port; Run does it when nobody did.
func (h *hook) Listen() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", h.cfg.Listen)
	if err != nil {
		return fmt.Errorf("fax: channel %s: opening %s: %w", h.c.d.Name, h.cfg.Listen, err)
	}
	h.listener = l
	return nil
}

// Ready is nil while requests are taken.
func (h *hook) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		return fmt.Errorf("fax: channel %s: not listening", h.c.d.Name)
	}
	return nil
}

// Run serves until take ends; requests under way may finish until hold ends.
func (h *hook) Run(take, hold context.Context) error {
	if err := h.Listen(); err != nil {
		return err
	}
	h.mu.Lock()
	l := h.listener
	h.running = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.running, h.listener = false, nil
		h.mu.Unlock()
	}()
	srv := &http.Server{
		Handler: h, TLSConfig: h.tls, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: h.cfg.Time.D(), WriteTimeout: h.cfg.Time.D() + 10*time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 32 << 10, BaseContext: func(net.Listener) context.Context { return hold }, ErrorLog: slog.NewLogLogger(h.c.d.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() {
		if h.tls != nil {
			served <- srv.ServeTLS(l, "", "")
		} else {
			served <- srv.Serve(l)
		}
	}()
	var err error
	select {
	case err = <-served: // the listener broke
		served <- err
	case <-take.Done():
	}
	if srv.Shutdown(hold) != nil {
		_ = srv.Close() // hold is over: what is under way was not answered and comes again
	}
	<-served
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("fax: channel %s: %w", h.c.d.Name, err)
	}
	return nil
}

// refusal is an answer that is no success.
type refusal struct {
	code int
	text string
}

// ServeHTTP answers one request.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	no := h.take(w, r)
	w.Header().Set("Content-Type", "application/json")
	if no == nil {
		_, _ = io.WriteString(w, `{"status":"received"}`+"\n") // who does not hear it asks again and is told the same
		return
	}
	h.c.d.Log.Warn("request of a fax gateway not taken", "channel", h.c.d.Name, "peer", r.RemoteAddr, "code", no.code, "why", no.text)
	if no.code == http.StatusServiceUnavailable || no.code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "30")
	}
	w.Header().Set("Connection", "close")
	w.WriteHeader(no.code)
	b, err := json.Marshal(map[string]string{"status": "refused", "error": no.text})
	if err == nil {
		_, _ = w.Write(append(b, '\n')) // as above
	}
}

func (h *hook) allowed(peer string) bool {
	ap, err := netip.ParseAddrPort(peer)
	if err != nil {
		return false
	}
	for _, p := range h.cfg.Allow {
		if p.Contains(ap.Addr().Unmap()) {
			return true
		}
	}
	return len(h.cfg.Allow) == 0
}

// take reads, judges and keeps one request.
func (h *hook) take(w http.ResponseWriter, r *http.Request) *refusal {
	switch {
	case !h.allowed(r.RemoteAddr):
		return &refusal{http.StatusForbidden, "not allowed to connect"}
	case r.URL.Path != h.cfg.Path:
		return &refusal{http.StatusNotFound, "nothing here"}
	case r.Method != http.MethodPost:
		return &refusal{http.StatusMethodNotAllowed, "want POST"}
	}
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return &refusal{http.StatusTooManyRequests, "too many requests at once"}
	}
	limit := h.c.d.Max/3*4 + 1<<20 // base64 and what stands around it
	body, give, no := h.body(w, r, limit)
	defer give()
	if no != nil {
		return no
	}
	if !h.signed(r, body) {
		return &refusal{http.StatusUnauthorized, "the signature is not right, or not of now"}
	}
	n, err := gateway.Parse(r.Header.Get("Content-Type"), body, gateway.Limits{File: h.c.d.Max})
	if err != nil { // it is the gateway's: a person sees what it sends
		return h.keep(r, &Call{Failure: "the gateway sent a request that is no fax: " + err.Error()}, r.Header.Get("Content-Type"), body)
	}
	return h.act(r, n, body)
}

// body reads the request within its limits. give returns the memory that it takes.
func (h *hook) body(w http.ResponseWriter, r *http.Request, limit int) ([]byte, func(), *refusal) {
	none := func() {}
	if r.ContentLength > int64(limit) {
		return nil, none, &refusal{http.StatusRequestEntityTooLarge, "too large"}
	}
	size := limit
	if r.ContentLength >= 0 {
		size = int(r.ContentLength)
	}
	give := none
	if h.c.d.Budget != nil {
		if err := h.c.d.Budget.Take(size); err != nil {
			return nil, none, &refusal{http.StatusServiceUnavailable, "no memory for it now"}
		}
		give = func() { h.c.d.Budget.Give(size) }
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(size)))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, give, &refusal{http.StatusRequestEntityTooLarge, "too large"}
	case err != nil:
		return nil, give, &refusal{http.StatusBadRequest, "the request ended in the middle"}
	}
	return body, give, nil
}

func (h *hook) signed(r *http.Request, body []byte) bool {
	at, signature := r.Header.Get(h.cfg.Timestamp), r.Header.Get(h.cfg.Signature)
	if h.cfg.Scheme == "ed25519" {
		return gateway.VerifyEd25519(h.cfg.key, at, signature, body, h.c.d.Now(), h.cfg.Window.D()) == nil
	}
	return gateway.Verify(h.cfg.Secret.Reveal(), at, signature, body, h.c.d.Now(), h.cfg.Window.D()) == nil
}

// act does what a notice says.
func (h *hook) act(r *http.Request, n gateway.Notice, body []byte) *refusal {
	switch n.Kind {
	case gateway.Status:
		return h.confirm(r.Context(), n, body)
	case gateway.Other:
		return nil // a test call, a number that was bought
	}
	call := &Call{ID: n.ID, Number: n.From, Station: n.Station, To: n.To, Pages: n.Pages}
	if n.Partial {
		call.Partial = "the gateway says that the fax is not complete"
	}
	if n.File == nil {
		file, why, err := h.fetch.get(r.Context(), n.URL)
		if err != nil { // it may be there later: the gateway asks again
			return &refusal{http.StatusServiceUnavailable, "the file could not be fetched now"}
		}
		if call.Failure = why; why != "" {
			return h.keep(r, call, r.Header.Get("Content-Type"), body)
		}
		n.File = file
	}
	return h.keep(r, call, contentType(n.File), n.File)
}

// keep archives a fax, or the request when there is none in it.
func (h *hook) keep(r *http.Request, call *Call, contentType string, body []byte) *refusal {
	call.Source, call.Peer = "webhook", r.RemoteAddr
	in := channels.Inbound{Peer: r.RemoteAddr, ContentType: contentType, ControlID: call.ID, Sender: h.c.d.Name, Body: body}
	if err := h.c.receive(r.Context(), in, call); err != nil {
		h.c.d.Log.Error("storing", "channel", h.c.d.Name, "bytes", len(body), "error", err)
		return &refusal{http.StatusServiceUnavailable, "it could not be stored now"}
	}
	return nil
}

// confirm hands over what became of a fax of ours. A state that goes on says nothing.
func (h *hook) confirm(ctx context.Context, n gateway.Notice, body []byte) *refusal {
	if n.State == gateway.Waiting || n.Reference == "" {
		return nil
	}
	r := statusReceipt(n)
	r.At, r.Type = h.c.d.Now().UTC(), "fax/status"
	if len(body) <= maxStatus {
		r.Raw, r.RawType = body, "application/octet-stream"
	}
	if err := h.c.d.Handler.Confirm(ctx, r); err != nil {
		h.c.d.Log.Error("storing", "channel", h.c.d.Name, "error", err)
		return &refusal{http.StatusServiceUnavailable, "it could not be stored now"}
	}
	return nil
}
