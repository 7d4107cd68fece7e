package hl7

import (
	"bytes"
	"time"
)

// Wrap puts answers to the messages of a batch into wrappers of the same kind (2.10.3): BHS and BTS, with FHS and FTS when the batch had
// them. Applications and facilities change sides, BHS-12 and FHS-12 name the batch and the file that are answered, id is the control ID of
// the answer. Each answer must end in CR, as [Ack.Bytes] makes it. A batch without wrappers gets BHS and BTS all the same.
func (b Batch) Wrap(answers [][]byte, id string, at time.Time) []byte {
	var out []byte
	if b.File != nil {
		out = wrapper(out, "FHS", b.File, id, at)
	}
	var head []byte
	if len(b.Batches) > 0 {
		head = b.Batches[0]
	}
	out = wrapper(out, "BHS", head, id, at)
	sep := out[3]
	for _, a := range answers {
		out = append(out, a...)
	}
	out = append(append(out, "BTS"...), sep)
	out = append(append(out, itoa(len(answers))...), '\r')
	if b.File != nil {
		out = append(append(out, "FTS"...), sep, '1', '\r')
	}
	return out
}

// wrapper appends the header that answers another one.
func wrapper(dst []byte, name string, from []byte, id string, at time.Time) []byte {
	sep := byte('|')
	if len(from) > 3 {
		sep = from[3]
	}
	fields := bytes.Split(bytes.TrimRight(from, "\r\n"), []byte{sep})
	field := func(n int) []byte { // BHS-1 is the separator itself
		if n-1 < len(fields) && n > 1 {
			return fields[n-1]
		}
		return nil
	}
	encoding := field(2)
	if len(encoding) < 2 {
		encoding = []byte(DefaultDelimiters().Encoding())
	}
	dst = append(dst, name...)
	for _, v := range [][]byte{
		encoding, field(5), field(6), field(3), field(4), []byte(FormatTime(at.UTC(), ToSecond, true)), nil, nil, nil, []byte(id), field(11),
	} {
		dst = append(append(dst, sep), v...)
	}
	return append(bytes.TrimRight(dst, string(sep)), '\r')
}
