package console_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"refloop/console"
)

func TestPages(t *testing.T) {
	p, err := console.OpenPages("127.0.0.1:0", &fake{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	h := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, c := range map[string]struct {
		status int
		want   string
	}{
		"/livez":   {200, `{"live":true}`},
		"/readyz":  {200, `"rooms":[{"name":"lane/x","state":"idle"}]`},
		"/metrics": {200, `refloop_messages_waiting{state="held"} 3`},
		"/":        {404, ""},
	} {
		resp, err := h.Get("http://" + p.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != c.status || !strings.Contains(string(b), c.want) {
			t.Errorf("%s: got %d %s, want %d with %s", path, resp.StatusCode, b, c.status, c.want)
		}
	}
}
