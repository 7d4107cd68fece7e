package hylafax

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// State is how far a job is (sendq(5), key state).
type State int

// States of a job. Done and Failed are final.
const (
	Suspended State = iota + 1
	Pending
	Sleeping
	Blocked
	Ready
	Active
	Done
	Failed
)

// Final reports whether the server has finished with the job.
func (s State) Final() bool { return s == Done || s == Failed }

// Job is the server's own file of a job. It names the number and our tag, and no patient.
type Job struct {
	ID     string
	Tag    string // what we called it: JobInfo of Params
	State  State
	Pages  int    // confirmed by the other machine
	Total  int    // to be sent; 0 before the server has prepared them
	Dials  int    // calls made
	Status string // the server's words about the last attempt
	Code   int    // its number for them
	CommID string // last session
	Raw    []byte
}

var errJob = errors.New("hylafax: job file: got something else, want lines of key:value with a jobid and a state")

// maxJob bounds a job's file: its lines are short and few.
const maxJob = 64 << 10

// ParseJob reads a file of sendq or doneq. On error the job is zero. Raw is b.
func ParseJob(b []byte) (Job, error) {
	if len(b) > maxJob {
		return Job{}, fmt.Errorf("hylafax: job file: got %d bytes, want at most %d", len(b), maxJob)
	}
	j := Job{Raw: b}
	numbers := map[string]*int{"npages": &j.Pages, "totpages": &j.Total, "totdials": &j.Dials, "statuscode": &j.Code, "state": (*int)(&j.State)}
	texts := map[string]*string{"jobid": &j.ID, "jobtag": &j.Tag, "status": &j.Status, "commid": &j.CommID}
	for line := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue // a status may go on in further lines
		}
		if to := texts[key]; to != nil {
			*to = value
		}
		if to := numbers[key]; to != nil {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil || n < 0 {
				return Job{}, errJob
			}
			*to = n
		}
	}
	if j.ID == "" || j.State < Suspended || j.State > Failed {
		return Job{}, errJob
	}
	return j, nil
}

// Proven reports whether the other machine confirmed every page, of which there are at least want.
func (j Job) Proven(want int) bool {
	return j.State == Done && j.Pages >= j.Total && j.Pages >= want
}

// Cause is why a job failed, in the words of the fax rail: busy, no_answer, no_carrier, no_dialtone, rejected, killed, timed_out,
// format_failed, line_fault. The server tells it in English only.
func (j Job) Cause() string {
	status := strings.ToLower(j.Status)
	for _, c := range []struct{ word, cause string }{
		{"busy", "busy"}, {"no answer", "no_answer"}, {"no carrier", "no_carrier"}, {"dialtone", "no_dialtone"}, {"dial tone", "no_dialtone"},
		{"aborted by request", "killed"}, {"removed", "killed"}, {"kill time", "timed_out"}, {"reject", "rejected"}, {"blocked by", "rejected"},
		{"invalid dial", "invalid_number"}, {"not a valid", "invalid_number"}, {"conversion", "format_failed"}, {"convert document", "format_failed"},
		{"format", "format_failed"},
	} {
		if strings.Contains(status, c.word) {
			return c.cause
		}
	}
	return "line_fault"
}
