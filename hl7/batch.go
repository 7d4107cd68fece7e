package hl7

import (
	"bytes"
	"strings"
)

// Batch is a file or stream of messages with its wrappers (2.10.3). All byte slices alias the input.
type Batch struct {
	File     []byte    // FHS, nil without one
	Batches  [][]byte  // the BHS segments in order
	Messages []Part    // the messages in order
	Warnings []Warning // counts that do not match, segments outside of messages
}

// Part is one message of a batch.
type Part struct {
	Bytes []byte // from MSH to before the next MSH or wrapper, segment ends included
	At    int    // byte offset in the input
	Batch int    // index in Batches, -1 outside of any
}

// Split cuts a file into its messages. All wrappers are optional: FHS without BHS, messages alone, missing trailers and several batches are
// taken. Wrappers around nothing give no messages and no error (a batch of zero messages is legal); around anything else than messages, a second FHS
// and a trailer before any header or message are ErrBadBatch. ErrNotHL7: something else comes first.
// The result of an error is empty. It does not look into the messages: use [Parse] on each.
func Split(b []byte, l Limits) (Batch, error) {
	l = l.withDefaults()
	if len(b) > l.Bytes {
		return Batch{}, parseError(ErrTooLarge, l.Bytes, 0, itoa(len(b))+" bytes", "at most "+itoa(l.Bytes))
	}
	s := splitter{b: b, limit: l.Messages, open: -1, batch: -1}
	ends := lineEnds{b: b, cr: -1, lf: -1}
	at := 0
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		at = 3
	}
	for at < len(b) {
		end := ends.next(at)
		if end > at {
			if err := s.line(at, end); err != nil {
				return Batch{}, err
			}
		}
		at = end + 1
	}
	return s.finish()
}

// Incomplete tells in plain words what speaks for messages of the batch being missing: a count of BTS-1 or FTS-1 that differs, or a header without
// its trailer. Empty: nothing does.
func (b Batch) Incomplete() string {
	var out []string
	for _, w := range b.Warnings {
		switch w.Name {
		case WarnBatchCount:
			out = append(out, "BTS-1 or FTS-1 names another number than came")
		case WarnBatchOpen:
			out = append(out, "BTS or FTS is missing")
		}
	}
	return strings.Join(out, "; ")
}

type splitter struct {
	b       []byte
	limit   int
	out     Batch
	open    int // offset of the message being read, -1 between messages
	batch   int // index of the open batch
	inBatch int // messages in it
	inFile  int // batches since FHS
	outside int
	wrong   int
	uncut   int  // headers without their trailer
	inBHS   bool // a BHS waits for its BTS
	inFHS   bool // FHS waits for FTS
}

func (s *splitter) line(at, end int) error {
	seg := s.b[at:end]
	switch name := string(seg[:min(3, len(seg))]); {
	case !s.wrapperOrMSH(name, seg):
		if s.open < 0 {
			if len(s.out.Messages) == 0 && s.out.File == nil && len(s.out.Batches) == 0 {
				return parseError(ErrNotHL7, at, 0, "a line that is no header", "FHS, BHS or MSH")
			}
			s.outside++
		}
	case name == "MSH":
		s.close(at)
		if len(s.out.Messages) == s.limit {
			return parseError(ErrTooManyMessages, at, 0, "more than "+itoa(s.limit), "at most "+itoa(s.limit))
		}
		s.open = at
		s.inBatch++
	case name == "FHS":
		if s.out.File != nil {
			return parseError(ErrBadBatch, at, 0, "a second FHS", "one FHS a file")
		}
		s.close(at)
		s.out.File, s.inFHS = seg, true
	case name == "BHS":
		s.close(at)
		s.endBatch()
		s.inBHS = true
		s.out.Batches = append(s.out.Batches, seg)
		s.batch, s.inBatch = len(s.out.Batches)-1, 0
		s.inFile++
	case s.out.File == nil && len(s.out.Batches) == 0 && len(s.out.Messages) == 0 && s.open < 0:
		return parseError(ErrBadBatch, at, 0, "a trailer", "a header or MSH before it")
	case name == "BTS":
		s.close(at)
		s.count(seg, s.inBatch)
		s.batch, s.inBHS = -1, false
	default: // FTS
		s.close(at)
		s.endBatch()
		s.count(seg, s.inFile)
		s.inFHS = false
	}
	return nil
}

// endBatch counts a BHS that never had its BTS.
func (s *splitter) endBatch() {
	s.uncut += toInt(s.inBHS)
	s.inBHS = false
}

// wrapperOrMSH tells whether a line is one of the five. Headers must have a separator; trailers may stand alone.
func (s *splitter) wrapperOrMSH(name string, seg []byte) bool {
	switch name {
	case "MSH", "FHS", "BHS":
		return len(seg) > 3 && usableDelimiter(seg[3])
	case "BTS", "FTS":
		return len(seg) == 3 || usableDelimiter(seg[3])
	}
	return false
}

func (s *splitter) close(at int) {
	if s.open < 0 {
		return
	}
	s.out.Messages = append(s.out.Messages, Part{Bytes: s.b[s.open:at:at], At: s.open, Batch: s.batch})
	s.open = -1
}

// count compares BTS-1 or FTS-1 with what was there; an empty or unreadable number says nothing.
func (s *splitter) count(trailer []byte, have int) {
	if len(trailer) < 5 {
		return
	}
	digits := leadingDigits(string(trailer[4:min(len(trailer), 14)]))
	if digits > 0 && digits < 10 && atoi(string(trailer[4:4+digits])) != have {
		s.wrong++
	}
}

func (s *splitter) finish() (Batch, error) {
	s.close(len(s.b))
	if len(s.out.Messages) == 0 {
		if s.out.File == nil && len(s.out.Batches) == 0 {
			return Batch{}, parseError(ErrEmpty, len(s.b), 0, "nothing", "a message or a batch")
		}
		if s.outside > 0 {
			return Batch{}, parseError(ErrBadBatch, len(s.b), 0, "a wrapper around no message", "at least one MSH, or nothing")
		}
	}
	s.endBatch()
	s.uncut += toInt(s.inFHS)
	if s.wrong > 0 {
		s.out.Warnings = append(s.out.Warnings, Warning{WarnBatchCount, s.wrong})
	}
	if s.uncut > 0 {
		s.out.Warnings = append(s.out.Warnings, Warning{WarnBatchOpen, s.uncut})
	}
	if s.outside > 0 {
		s.out.Warnings = append(s.out.Warnings, Warning{WarnBatchOutside, s.outside})
	}
	return s.out, nil
}
