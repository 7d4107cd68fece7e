package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A client that is still busy when time is over is cut off, and that is no failure.
func TestCloseWhileBusy(t *testing.T) {
	began := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	}))
	defer web.Close()
	done := make(chan error, 1)
	go func() {
		res, err := http.Get(web.URL)
		if err == nil {
			res.Body.Close()
		}
		done <- err
	}()
	<-began
	if err := closeServer(web.Config, time.Millisecond); err != nil {
		t.Errorf("got %v", err)
	}
	if err := <-done; err == nil {
		t.Error("the client got an answer that nobody gave")
	}
}
