package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"refloop/referral"
)

// maxRequest bounds a request on the socket; a document handed in travels inside it as base64.
const maxRequest = 96 << 20

// Local is the API on a socket of this machine, mode 0600, or 0660 of a group. The actor of every command is the user of the process at the other end.
type Local struct {
	backend Backend
	log     *slog.Logger
	server  *http.Server
	path    string
	done    chan struct{}
}

type actorKey struct{}

// OpenLocal listens on path for our own user, and for the members of a group when one is named. A socket left behind by a daemon that was killed is replaced; one that answers belongs to another daemon
// and is an error.
func OpenLocal(path, group string, b Backend, log *slog.Logger) (*Local, error) {
	gid, err := socketFolder(filepath.Dir(path), group)
	if err != nil {
		return nil, err
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = c.Close() // only asked whether anybody is there
		return nil, fmt.Errorf("console: socket %s: got one that answers, want it free; another daemon runs with this configuration", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("console: socket %s: %w", path, err)
	}
	ln, err := listenPrivate(path, gid)
	if err != nil {
		return nil, fmt.Errorf("console: socket %s: %w", path, err)
	}
	l := &Local{backend: b, log: log, path: path, done: make(chan struct{})}
	l.server = &http.Server{
		Handler: l.mux(), ReadHeaderTimeout: 10 * time.Second,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, actorKey{}, actorOf(c))
		},
	}
	go func() {
		defer close(l.done)
		if err := l.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("local socket stopped", "error", err)
		}
	}()
	return l, nil
}

// Close ends the API and removes the socket.
func (l *Local) Close() error {
	err := closeServer(l.server, closeTime)
	<-l.done
	return err
}

// mux routes the local API.
func (l *Local) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/query", l.query)
	mux.HandleFunc("POST /v1/referrals/{id}/act", l.act)
	mux.HandleFunc("POST /v1/messages/{id}/reprocess", l.reprocess)
	mux.HandleFunc("POST /v1/deliveries/{id}/resend", l.resend)
	mux.HandleFunc("POST /v1/items/{id}/close", l.closeItem)
	mux.HandleFunc("POST /v1/patients", l.importPatients)
	mux.HandleFunc("POST /v1/patients/{id}/remove", l.removePatient)
	mux.HandleFunc("POST /v1/partners/{id}/block-fax", l.faxNumber(false))
	mux.HandleFunc("POST /v1/partners/{id}/verify-fax", l.faxNumber(true))
	mux.HandleFunc("POST /v1/reload", l.reload)
	mux.HandleFunc("GET /v1/health", l.health)
	return http.MaxBytesHandler(mux, maxRequest)
}

// query answers a question; reads of people are audited before the answer goes out.
func (l *Local) query(w http.ResponseWriter, r *http.Request) {
	var q Query
	if !l.decode(w, r, &q) {
		return
	}
	if action, object, ok := q.Sensitive(); ok {
		if err := l.backend.Saw(r.Context(), actor(r), action, object); err != nil {
			l.fail(w, err)
			return
		}
	}
	out := &lateWriter{w: w}
	if err := q.Answer(r.Context(), l.backend, out); err != nil {
		if out.begun {
			panic(http.ErrAbortHandler) // the peer sees a cut answer, never a short one that looks whole
		}
		l.fail(w, err)
		return
	}
	out.begin()
}

// lateWriter sends the status with the first byte, so that an early error can still be one.
type lateWriter struct {
	w     http.ResponseWriter
	begun bool
}

func (l *lateWriter) begin() {
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/octet-stream")
		l.w.WriteHeader(http.StatusOK)
	}
}

// Write implements io.Writer.
func (l *lateWriter) Write(p []byte) (int, error) {
	l.begin()
	return l.w.Write(p)
}

func (l *Local) act(w http.ResponseWriter, r *http.Request) {
	var in Act
	if !l.decode(w, r, &in) {
		return
	}
	got, err := l.backend.Act(r.Context(), actor(r), r.PathValue("id"), in)
	if err != nil {
		l.fail(w, err)
		return
	}
	v, err := withTimeline(r.Context(), l.backend, got)
	if err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, v)
}

func (l *Local) reprocess(w http.ResponseWriter, r *http.Request) {
	m, err := l.backend.Reprocess(r.Context(), actor(r), r.PathValue("id"), r.URL.Query().Get("read_again") == "true")
	if err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, ViewMessage(m))
}

func (l *Local) resend(w http.ResponseWriter, r *http.Request) {
	d, err := l.backend.Resend(r.Context(), actor(r), r.PathValue("id"))
	if err != nil {
		l.fail(w, err)
		return
	}
	v, err := ViewDelivery(r.Context(), l.backend, d)
	if err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, v)
}

// closing is the body of a request to close an item.
type closing struct {
	Reason string `json:"reason"`
}

func (l *Local) closeItem(w http.ResponseWriter, r *http.Request) {
	var in closing
	if !l.decode(w, r, &in) {
		return
	}
	if err := l.backend.CloseItem(r.Context(), actor(r), r.PathValue("id"), in.Reason); err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, map[string]string{"id": r.PathValue("id"), "result": "closed"})
}

func (l *Local) reload(w http.ResponseWriter, r *http.Request) {
	if err := l.backend.Reload(r.Context(), actor(r)); err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, map[string]string{"result": "reloaded"})
}

func (l *Local) health(w http.ResponseWriter, r *http.Request) {
	l.answer(w, l.backend.Health(r.Context()))
}

func (l *Local) decode(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		l.write(w, http.StatusBadRequest, map[string]string{"error": "console: got a request that is not the JSON wanted here"})
		return false
	}
	return true
}

// fail maps an error to a status; its text holds no patient data, as all our errors.
func (l *Local) fail(w http.ResponseWriter, err error) {
	var no *NotAllowed
	switch {
	case errors.As(err, &no):
		l.write(w, http.StatusConflict, no)
	case errors.Is(err, referral.ErrNotFound):
		l.write(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case errors.Is(err, ErrQuery), errors.Is(err, ErrInput):
		l.write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	default:
		l.write(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
	}
}

func (l *Local) answer(w http.ResponseWriter, v any) { l.write(w, http.StatusOK, v) }

func (l *Local) write(w http.ResponseWriter, status int, v any) {
	b, err := line(v)
	if err != nil {
		l.log.Error("writing an answer", "error", err)
		status, b = http.StatusInternalServerError, []byte("{\"error\":\"console: the answer could not be written\"}\n")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		l.log.Debug("local client went away", "error", err)
	}
}

func actor(r *http.Request) string {
	s, _ := r.Context().Value(actorKey{}).(string)
	return s
}

// userName names a local user by number.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return "user:" + u.Username
	}
	return "user:" + id
}
