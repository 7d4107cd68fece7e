package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"time"

	"refloop/referral"
)

// ErrNoDaemon says that nobody answers on the socket.
var ErrNoDaemon = errors.New("console: no daemon answers on the socket")

// Client speaks to the daemon behind a socket.
type Client struct{ http http.Client }

// Dial returns a client when a daemon answers on path. ErrNoDaemon: nobody is there; another error: somebody may be, but not for us.
func Dial(path string) (*Client, error) {
	c, err := net.DialTimeout("unix", path, 2*time.Second)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("console: socket %s: got permission denied, want the user that the daemon runs as (sudo -u), or a member of socket_group", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w %s: start it with: refloop serve", ErrNoDaemon, path)
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}

// Close gives up the connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Query copies the answer to w.
func (c *Client) Query(ctx context.Context, q Query, w io.Writer) error {
	resp, err := c.post(ctx, "/v1/query", q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
}

// Act asks for an act; a *NotAllowed says what is allowed.
func (c *Client) Act(ctx context.Context, referralID string, in Act) (ReferralView, error) {
	var v ReferralView
	return v, c.call(ctx, "/v1/referrals/"+url.PathEscape(referralID)+"/act", in, &v)
}

// Reprocess asks for a message to be processed again.
func (c *Client) Reprocess(ctx context.Context, messageID string, readAgain bool) (MessageView, error) {
	var v MessageView
	return v, c.call(ctx, fmt.Sprintf("/v1/messages/%s/reprocess?read_again=%t", url.PathEscape(messageID), readAgain), nil, &v)
}

// Resend asks for a delivery to be queued again.
func (c *Client) Resend(ctx context.Context, deliveryID string) (DeliveryView, error) {
	var v DeliveryView
	return v, c.call(ctx, "/v1/deliveries/"+url.PathEscape(deliveryID)+"/resend", nil, &v)
}

// CloseItem asks for a worklist item to be closed. The reason holds nothing about a patient.
func (c *Client) CloseItem(ctx context.Context, id, reason string) error {
	return c.call(ctx, "/v1/items/"+url.PathEscape(id)+"/close", closing{Reason: reason}, &map[string]string{})
}

// Reload asks for the configuration to be read again.
func (c *Client) Reload(ctx context.Context) error {
	return c.call(ctx, "/v1/reload", nil, &map[string]string{})
}

// Health asks how the daemon is.
func (c *Client) Health(ctx context.Context) (Health, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://refloop/v1/health", nil)
	if err != nil {
		return Health{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Health{}, err
	}
	defer resp.Body.Close()
	var h Health
	return h, json.NewDecoder(resp.Body).Decode(&h)
}

func (c *Client) call(ctx context.Context, path string, in, out any) error {
	resp, err := c.post(ctx, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// post sends a request and turns every answer but 200 into an error.
func (c *Client) post(ctx context.Context, path string, in any) (*http.Response, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://refloop"+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("console: asking the daemon: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	var no NotAllowed
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&no); err != nil || no.Text == "" {
		return nil, fmt.Errorf("console: the daemon answered %s", resp.Status)
	}
	switch resp.StatusCode {
	case http.StatusConflict:
		return nil, &no
	case http.StatusNotFound:
		return nil, &said{text: no.Text, is: referral.ErrNotFound}
	case http.StatusBadRequest:
		return nil, &said{text: no.Text, is: ErrInput}
	}
	return nil, errors.New(no.Text)
}

// said is an error of the daemon in its own words, that is also one of ours.
type said struct {
	text string
	is   error
}

func (s *said) Error() string { return s.text }
func (s *said) Unwrap() error { return s.is }
