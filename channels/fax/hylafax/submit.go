package hylafax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Params describe a job.
type Params struct {
	Number   string // digits, as they are dialled
	Tag      string // ours, to find the job again; it shows in the server's listings
	Dials    int    // calls at most
	Tries    int    // attempts to send once a call stands
	KillTime time.Duration
}

var (
	fileName = regexp.MustCompile(`FILE: (/?[A-Za-z0-9._/-]{1,200})`)
	jobID    = regexp.MustCompile(`jobid: ([0-9]{1,18})`)
	plainJob = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// Put brings a document (TIFF) to the server and returns the name that it has there until the session ends or a job takes it.
func (c *Client) Put(ctx context.Context, document []byte) (string, error) {
	data, err := c.openData(ctx)
	if err != nil {
		return "", err
	}
	defer data.Close()
	text, err := c.want(150, "STOT")
	if err != nil {
		return "", err
	}
	m := fileName.FindStringSubmatch(text)
	if m == nil {
		return "", errors.New("hylafax: STOT: got an answer without a file name, want FILE: and the name")
	}
	_, err = data.Write(document)
	if cerr := data.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", fmt.Errorf("hylafax: STOT: sending %d bytes: %w", len(document), err)
	}
	code, _, err := c.reply()
	if err != nil || code != 226 {
		return "", refused("STOT", code, err)
	}
	return m[1], nil
}

// NewJob describes a job that sends a document that was put, and returns its number. Nothing is sent before Submit.
func (c *Client) NewJob(p Params, document string) (string, error) {
	text, err := c.want(200, "JNEW")
	if err != nil {
		return "", err
	}
	m := jobID.FindStringSubmatch(text)
	if m == nil {
		return "", errors.New("hylafax: JNEW: got an answer without a number, want jobid: and a number")
	}
	if p.KillTime <= 0 {
		p.KillTime = 3 * time.Hour
	}
	set := [][2]string{
		{"FROMUSER", quote(c.cfg.User)}, {"LASTTIME", timeSpan(p.KillTime)}, {"MAXDIALS", strconv.Itoa(max(1, p.Dials))}, {"MAXTRIES", strconv.Itoa(max(1, p.Tries))},
		{"DIALSTRING", quote(p.Number)}, {"EXTERNAL", quote(p.Number)}, {"NOTIFYADDR", quote(c.cfg.User)}, {"NOTIFY", quote("none")}, {"JOBINFO", quote(p.Tag)},
		{"VRES", "196"}, {"PAGEWIDTH", "216"}, {"PAGELENGTH", "279"}, {"PAGECHOP", quote("none")}, {"USETAGLINE", "YES"},
	}
	for _, s := range set {
		if _, err := c.want(213, "JPARM", s[0], s[1]); err != nil {
			return "", err
		}
	}
	if _, err := c.want(200, "JPARM", "DOCUMENT", document); err != nil {
		return "", err
	}
	return m[1], nil
}

// Submit hands the current job over to the server's queue.
func (c *Client) Submit() error {
	_, err := c.want(200, "JSUBM")
	return err
}

// timeSpan writes a time as LASTTIME wants it: ddhhmm from now.
func timeSpan(d time.Duration) string {
	m := int(d / time.Minute)
	return fmt.Sprintf("%02d%02d%02d", min(m/(24*60), 99), m/60%24, m%60)
}

// quote writes a string argument. Control characters are refused by say.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Job reads the state of a job. ErrNoJob: it is in no queue.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	if !plainJob.MatchString(id) {
		return Job{}, fmt.Errorf("hylafax: got a job number of %d characters, want digits", len(id))
	}
	for _, queue := range []string{"sendq", "doneq", "sendq"} { // once more: it may have moved in between
		b, err := c.fetch(ctx, maxJob+1, "RETR", queue+"/q"+id)
		var r *Reply
		if errors.As(err, &r) && r.Code/100 == 5 {
			continue
		}
		if err != nil {
			return Job{}, err
		}
		return ParseJob(b)
	}
	return Job{}, ErrNoJob
}

// Find returns the numbers of the jobs whose tag is one that is looked for: first those that are done, then those under way.
func (c *Client) Find(ctx context.Context, wanted func(tag string) bool) ([]string, error) {
	if _, err := c.want(200, "JOBFMT", quote("%j|%J")); err != nil {
		return nil, err
	}
	var found []string
	for _, queue := range []string{"doneq", "sendq"} {
		b, err := c.fetch(ctx, maxListing, "LIST", queue)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			id, name, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "|")
			if id = strings.TrimSpace(id); ok && wanted(strings.TrimSpace(name)) && plainJob.MatchString(id) {
				found = append(found, id)
			}
		}
	}
	return found, nil
}

// fetch reads what a command sends over a data connection, refusing more than limit bytes.
func (c *Client) fetch(ctx context.Context, limit int64, command, arg string) ([]byte, error) {
	data, err := c.openData(ctx)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	if _, err := c.want(150, command, arg); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(data, limit+1))
	if err != nil {
		return nil, fmt.Errorf("hylafax: %s: %w", command, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("hylafax: %s: got more than %d bytes, want at most that", command, limit)
	}
	code, _, err := c.reply()
	if err != nil || code != 226 {
		return nil, refused(command, code, err)
	}
	return b, nil
}
