// Package gateway reads what fax gateways say: notices by HTTP in their common shapes (JSON with the file in base64 or with its address,
// multipart with the file), mails with a fax attached, and confirmations of faxes that were sent; and it makes and checks signatures of
// requests. Each gateway has its own names for the same few facts; the names known here are in names.go.
//
// Everything that a notice says of a call was typed in by somebody: it is a hint, not a proof. It does no I/O. Left out: signatures over
// URLs and sorted form fields, XML and SOAP.
package gateway

import "fmt"

// Limits bound what is read. Zero values mean the defaults given.
type Limits struct {
	File  int // bytes of a fax; 64 MiB
	Parts int // of a mail or form; 200
	Depth int // of nested parts or objects; 8
}

func (l Limits) withDefaults() Limits {
	if l.File <= 0 {
		l.File = 64 << 20
	}
	if l.Parts <= 0 {
		l.Parts = 200
	}
	if l.Depth <= 0 {
		l.Depth = 8
	}
	return l
}

// Kinds of a notice.
const (
	Received = "received" // a fax came in
	Status   = "status"   // what became of a fax of ours
	Other    = "other"    // neither: a test call, a number that was bought
)

// Notice is what a gateway says in one request or mail.
type Notice struct {
	Kind      string
	ID        string // the gateway's number of the fax
	Reference string // ours, that we gave it when we sent the fax
	From      string // calling number; a hint
	Station   string // what the other machine calls itself (CSID, TSI); a hint
	To        string // number called
	Pages     int    // as the gateway says; 0: it does not
	State     string // of a status: Done, Failed or Waiting
	Cause     string // of a failure, in the gateway's words, tidied
	Partial   bool   // the call broke off: pages are missing
	URL       string // where the file is, when it did not come along
	File      []byte // the fax
	Name      string // file name that came with it; never a path to use

	word, said string // of the state and its cause, as they stood there
}

// States of a fax of ours.
const (
	Waiting = "waiting"
	Done    = "done"
	Failed  = "failed"
)

// Malformed says why something is no notice. It never quotes it.
type Malformed struct{ What string }

// Error is the reason.
func (m *Malformed) Error() string { return "gateway: " + m.What }

func malformed(format string, args ...any) error {
	return &Malformed{What: fmt.Sprintf(format, args...)}
}
