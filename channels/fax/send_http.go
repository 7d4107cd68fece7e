package fax

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/mailbox"
)

// maxAnswer bounds what a gateway answers.
const maxAnswer = 256 << 10

// client makes the client of a gateway. Redirects are not followed: pages go where the configuration says.
func (g *HTTPGateway) client() (*http.Client, error) {
	t, err := mailbox.TLS{CA: g.CA}.Client("")
	if err != nil {
		return nil, fmt.Errorf("fax: http.ca: %w", err)
	}
	return &http.Client{
		Timeout: g.Timeout.D(), Transport: &http.Transport{TLSClientConfig: t, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// sendHTTP posts the fax. The Idempotency-Key is the reference: an attempt whose answer was lost is made again with the same one, and the
// gateway knows it; where it does not, it is not made again.
func (s *Sender) sendHTTP(ctx context.Context, o channels.Outbound, pages int) (channels.Receipt, error) {
	was, known, err := s.ledger.get(o.DeliveryID)
	if err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	m := mark{Delivery: o.DeliveryID, Reference: referenceOf(o), Attempt: o.Attempt, Pages: pages, State: markHanded, At: s.d.Now().UTC()}
	if open := known && (o.Unsure || was.State == markHanded); open {
		switch {
		case was.State == markSent:
			return s.out(o, "it was handed to the gateway before"), nil
		case !s.cfg.HTTP.Idempotent:
			return channels.Receipt{}, s.refuse(true, "unknown", errUnknownPost)
		}
		m.Reference = was.Reference
	}
	if err := s.ledger.put(m); err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	n, err := s.post(ctx, o, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	if n.State == gateway.Failed {
		return channels.Receipt{}, s.over(m, permanent(n.Cause), n.Cause, errors.New("fax: the gateway refused it at once"), 0)
	}
	m.State, m.Job = markSent, n.ID
	if err := s.ledger.put(m); err != nil {
		s.d.Log.Error("what was sent cannot be remembered", "rail", s.d.Name, "delivery", o.DeliveryID, "error", err)
	}
	return s.out(o, fmt.Sprintf("%d pages handed to the gateway", pages)), nil
}

var errUnknownPost = errors.New("fax: the gateway's answer was lost; the fax may have been sent")

// post makes the request and judges the answer.
func (s *Sender) post(ctx context.Context, o channels.Outbound, m mark) (gateway.Notice, error) {
	g := s.cfg.HTTP
	contentType, body, err := g.request(o, m.Reference)
	if err != nil {
		return gateway.Notice{}, s.refuse(true, "", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL, bytes.NewReader(body))
	if err != nil {
		return gateway.Notice{}, s.refuse(true, "", errors.New("fax: http.url cannot be used"))
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Idempotency-Key", m.Reference)
	g.authorize(req, body, s.d.Now())
	resp, err := s.http.Do(req)
	if err != nil {
		return gateway.Notice{}, s.lostAnswer(errors.New("fax: the gateway gave no answer"))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode/100 == 2 {
		return gateway.Notice{}, s.lostAnswer(errors.New("fax: the gateway's answer ended in the middle"))
	}
	if resp.StatusCode/100 != 2 {
		return gateway.Notice{}, s.httpRefusal(resp, m)
	}
	n, err := gateway.ParseStatus(resp.Header.Get("Content-Type"), answer, gateway.Limits{})
	if err != nil {
		return gateway.Notice{}, nil // taken, in words that are not known: its notices name our reference
	}
	return n, nil
}

// lostAnswer is a failure after which nobody knows whether the gateway has the fax.
func (s *Sender) lostAnswer(err error) error {
	if s.cfg.HTTP.Idempotent {
		return s.refuse(false, "no answer", err)
	}
	return s.refuse(true, "unknown", errUnknownPost)
}

// httpRefusal judges an answer that is not 2xx. Wrong credentials are ours to put right: the fax waits for it.
func (s *Sender) httpRefusal(resp *http.Response, m mark) error {
	code := resp.StatusCode
	err := fmt.Errorf("fax: the gateway answered %d", code)
	switch {
	case code == http.StatusConflict && s.cfg.HTTP.Idempotent:
		return s.refuse(false, strconv.Itoa(code), errors.New("fax: the gateway is still at work on the same request"))
	case code >= 500:
		if !s.cfg.HTTP.Idempotent {
			return s.refuse(true, "unknown", errUnknownPost)
		}
		return s.refuse(false, strconv.Itoa(code), err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusPaymentRequired, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return s.over(m, false, strconv.Itoa(code), err, retryAfter(resp))
	}
	return s.over(m, true, strconv.Itoa(code), err, 0)
}

// over is a refusal after which it is sure that no fax went out: the next attempt is a new one.
func (s *Sender) over(m mark, permanent bool, code string, err error, after time.Duration) error {
	if derr := s.ledger.drop(m.Delivery); derr != nil {
		s.d.Log.Error("what was refused cannot be forgotten", "rail", s.d.Name, "delivery", m.Delivery, "error", errors.Unwrap(derr))
	}
	return &channels.DeliveryError{Rail: s.d.Name, Permanent: permanent, After: after, Code: code, Err: err}
}

// retryAfter reads Retry-After in seconds, an hour at most.
func retryAfter(resp *http.Response) time.Duration {
	n, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(n)*time.Second, time.Hour)
}

// authorize says who sends.
func (g *HTTPGateway) authorize(req *http.Request, body []byte, at time.Time) {
	if g.Token.Set() {
		req.Header.Set("Authorization", "Bearer "+g.Token.Reveal())
	}
	if g.Secret.Set() {
		timestamp, signature := gateway.Sign(g.Secret.Reveal(), at, body)
		req.Header.Set(g.Timestamp, timestamp)
		req.Header.Set(g.Signature, signature)
	}
}

// request writes the body of a request.
func (g *HTTPGateway) request(o channels.Outbound, reference string) (contentType string, body []byte, err error) {
	if g.Shape == "json" {
		fields := map[string]string{}
		for k, v := range g.Fields {
			fields[k] = v
		}
		fields[g.To], fields[g.Reference], fields[g.File] = dialled(o.Address), reference, base64.StdEncoding.EncodeToString(o.Body)
		body, err = json.Marshal(fields)
		return "application/json", body, err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write := func(key, value string) {
		if err == nil {
			err = w.WriteField(key, value)
		}
	}
	for k, v := range g.Fields {
		write(k, v)
	}
	write(g.To, dialled(o.Address))
	write(g.Reference, reference)
	if err != nil {
		return "", nil, err
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s.tif"`, strings.ReplaceAll(g.File, `"`, ""), reference)}, "Content-Type": {"image/tiff"},
	})
	if err == nil {
		_, err = part.Write(o.Body)
	}
	if err == nil {
		err = w.Close()
	}
	return w.FormDataContentType(), b.Bytes(), err
}

// pollHTTP asks for the state of every fax under way and hands over what is final.
func (s *Sender) pollHTTP(ctx context.Context, marks []mark, h channels.Handler) error {
	for _, m := range marks {
		if m.Job == "" || m.State != markSent {
			continue
		}
		n, raw, err := s.ask(ctx, m.Job)
		if err != nil {
			return err
		}
		if n.State == gateway.Waiting {
			continue
		}
		n.Reference = m.Reference
		r := statusReceipt(n)
		r.At, r.Raw, r.Type, r.RawType = s.d.Now().UTC(), raw, "fax/status", "application/json"
		if n.State == gateway.Done && n.Pages > 0 && n.Pages < m.Pages {
			r.Level, r.Code, r.Permanent, r.Text = channels.LevelFailed, partial, true, fmt.Sprintf("only %d of %d pages confirmed", n.Pages, m.Pages)
		}
		if err := s.settle(ctx, h, m, r); err != nil {
			return err
		}
	}
	return nil
}

// ask reads the state of one fax.
func (s *Sender) ask(ctx context.Context, id string) (gateway.Notice, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.ReplaceAll(s.cfg.HTTP.StatusURL, "{id}", url.PathEscape(id)), nil)
	if err != nil {
		return gateway.Notice{}, nil, errors.New("fax: http.status_url cannot be used")
	}
	s.cfg.HTTP.authorize(req, nil, s.d.Now())
	resp, err := s.http.Do(req)
	if err != nil {
		return gateway.Notice{}, nil, errors.New("fax: the gateway gave no answer")
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil || resp.StatusCode != http.StatusOK {
		return gateway.Notice{}, nil, fmt.Errorf("fax: asked for the state of a fax, the gateway answered %d", resp.StatusCode)
	}
	n, err := gateway.ParseStatus(resp.Header.Get("Content-Type"), b, gateway.Limits{})
	return n, b, err
}
