package hylafax

import (
	"bytes"
	"path"
	"strconv"
	"strings"
)

// Call is one received document as log/xferfaxlog tells of it (xferfaxlog(5)). All texts come from outside.
type Call struct {
	CommID  string   // communication identifier of the call
	Modem   string   // device that answered
	File    string   // recvq/fax000000012.tif
	Local   string   // our number, when the modem knows it
	TSI     string   // what the sender's machine calls itself: typed in by whoever owns it
	Pages   int      // received
	Reason  string   // what went wrong; empty: nothing
	CallIDs []string // the calling number, the caller's name, then whatever else the line gives; typed in by the caller's side too
}

// Number is the calling number (ANI) as the line gave it; empty: none.
func (c Call) Number() string {
	if len(c.CallIDs) == 0 {
		return ""
	}
	return c.CallIDs[0]
}

// Places of a RECV line.
const (
	logKind    = 1
	logCommID  = 2
	logModem   = 3
	logFile    = 4
	logLocal   = 7
	logTSI     = 8
	logPages   = 10
	logReason  = 13
	logCallIDs = 14
	logIDsEnd  = 17
)

// FindCall returns the newest reception of a file in a log; only its base name is compared. Lines that are none are passed over.
func FindCall(log []byte, file string) (Call, bool) {
	for len(log) > 0 {
		var line []byte
		log = bytes.TrimRight(log, "\n")
		if i := bytes.LastIndexByte(log, '\n'); i >= 0 {
			line, log = log[i+1:], log[:i]
		} else {
			line, log = log, nil
		}
		if c, ok := parseCall(string(line)); ok && path.Base(c.File) == path.Base(file) {
			return c, true
		}
	}
	return Call{}, false
}

func parseCall(line string) (Call, bool) {
	f := strings.Split(strings.TrimRight(line, "\r"), "\t")
	if len(f) <= logReason || f[logKind] != "RECV" && f[logKind] != "POLL" {
		return Call{}, false
	}
	pages, err := strconv.Atoi(f[logPages])
	if err != nil || pages < 0 {
		return Call{}, false
	}
	c := Call{CommID: f[logCommID], Modem: f[logModem], File: f[logFile], Local: unquote(f[logLocal]), TSI: unquote(f[logTSI]), Pages: pages, Reason: unquote(f[logReason])}
	for _, id := range f[min(logCallIDs, len(f)):min(logIDsEnd, len(f))] {
		c.CallIDs = append(c.CallIDs, unquote(id))
	}
	return c, true
}

// unquote takes off the quotes of a text; <null> and <NONE> are none.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if s == "<null>" || strings.EqualFold(s, "<none>") {
		return ""
	}
	return strings.TrimSpace(s)
}
