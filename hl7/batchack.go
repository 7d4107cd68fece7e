package hl7

import (
	"bytes"
	"time"
)

// maxBatchID is the length of FHS-11 and BHS-11 before 2.7.
const maxBatchID = 20

// Wrap puts answers to the messages of a batch into wrappers of the same shape (2.10.3): a BHS and BTS for each batch of the file, and FHS
// and FTS around them when the file had them. Applications and facilities change sides, BHS-12 and FHS-12 name the batch and the file that
// are answered. Each answer stands in the batch of the message it answers ([Part].Batch; those to messages outside of any batch get a BHS of
// their own) and must end in CR, as [Ack.Bytes] makes it. id is the control ID of the answer; its second and later batches get it with .2, .3
// and so on at its end, in 20 characters. BTS-1 counts the answers, FTS-1 the batches; what speaks for missing messages ([Batch.Incomplete]) is
// told in FTS-2, without FHS in BTS-2 of the last batch.
func (b Batch) Wrap(answers []Part, id string, at time.Time) []byte {
	var out []byte
	if b.File != nil {
		out = wrapper(out, "FHS", b.File, id, at)
	}
	n := 0
	note := b.Incomplete()
	around := func(head []byte, inside []Part) {
		own := id
		if n++; n > 1 {
			tail := "." + itoa(n)
			own = id[:min(len(id), max(0, maxBatchID-len(tail)))] + tail
		}
		from := len(out)
		out = wrapper(out, "BHS", head, own, at)
		sep := out[from+3]
		for _, a := range inside {
			out = append(out, a.Bytes...)
		}
		out = append(append(out, "BTS"...), sep)
		out = append(append(out, itoa(len(inside))...), '\r')
	}
	next := 0 // batches that were answered
	for len(answers) > 0 {
		of := answers[0].Batch
		for ; next < min(of, len(b.Batches)); next++ {
			around(b.Batches[next], nil)
		}
		count := 1
		for count < len(answers) && answers[count].Batch == of {
			count++
		}
		var head []byte
		if of >= 0 && of < len(b.Batches) {
			head, next = b.Batches[of], of+1
		}
		around(head, answers[:count])
		answers = answers[count:]
	}
	for ; next < len(b.Batches); next++ {
		around(b.Batches[next], nil)
	}
	if n == 0 {
		around(nil, nil)
	}
	sep := out[3]
	if b.File != nil {
		out = append(append(append(out, "FTS"...), sep), itoa(n)...)
		out = append(out, '\r')
	}
	if note != "" {
		out = append(append(append(out[:len(out)-1], sep), note...), '\r')
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
