package hl7

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// fiveK is a REF^I12 of about 5 kB with some 30 segments.
func fiveK(t testing.TB) []byte {
	b := bytes.Clone(own(t, "ref-i12.hl7").Bytes())
	for i := 2; len(b) < 5000; i++ {
		b = fmt.Appendf(b, "OBX|%d|TX|93000^Electrocardiogram^C4||Stable since the last visit, no change in rhythm, blood pressure 128 over 76 at rest, follow up as agreed.||||||F\r", i)
	}
	return b
}

// tenFields is what a router reads of every message.
var tenFields = []Path{
	At("MSH", 3), At("MSH", 4), At("MSH", 9, 1, 2), At("MSH", 10), At("RF1", 6), At("PRD", 2), At("PID", 3), At("PID", 5), At("PID", 7), At("OBR", 4),
}

// BenchmarkParse reads a 5 kB message, takes ten fields as text, and writes the bytes elsewhere.
func BenchmarkParse(b *testing.B) {
	in := fiveK(b)
	out := make([]byte, 0, len(in))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = parseTen(in, out); err != nil {
			b.Fatal(err)
		}
	}
	sink = len(out)
}

// BenchmarkParseText is BenchmarkParse with the ten fields decoded to strings.
func BenchmarkParseText(b *testing.B) {
	in := fiveK(b)
	out := make([]byte, 0, len(in))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		m, err := Parse(in, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range tenFields {
			n += len(m.Value(p).String())
		}
		out = append(out[:0], m.Bytes()...)
	}
	sink = n + len(out)
}

// parseTen is the work of the target: parse, read ten fields, write the bytes elsewhere.
func parseTen(in, out []byte) ([]byte, error) {
	m, err := Parse(in, Limits{})
	if err != nil {
		return nil, err
	}
	n := 0
	for _, p := range tenFields {
		n += len(m.Value(p).Subcomponent(1).Raw())
	}
	sink = n
	return append(out[:0], m.Bytes()...), nil
}

// floorEnds is the least a Go program must do: find the segment ends, with the fastest search there is, and copy the bytes.
func floorEnds(in, out []byte, ends []int) ([]byte, []int) {
	for at := 0; at < len(in); {
		i := bytes.IndexByte(in[at:], '\r')
		if i < 0 {
			break
		}
		at += i + 1
		ends = append(ends, at)
	}
	return append(out[:0], in...), ends
}

// floorLoop is the same as most would write it: byte by byte, with the field separators beside the segment ends, since a field cannot be
// read without them.
func floorLoop(in, out []byte, ends []int) ([]byte, []int) {
	for i, c := range in {
		if c == '\r' || c == '|' {
			ends = append(ends, i)
		}
	}
	return append(out[:0], in...), ends
}

// BenchmarkBesideFloor runs the work of BenchmarkParse in turns with the two floors, so that a busy machine is as busy for each, and
// prints the ratios: how many times as long as the floor we take.
func BenchmarkBesideFloor(b *testing.B) {
	in := fiveK(b)
	out, ends := make([]byte, 0, len(in)), make([]int, 0, 2000)
	var ours, least, loop time.Duration
	const turn = 100
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		at := time.Now()
		for range turn {
			var err error
			if out, err = parseTen(in, out); err != nil {
				b.Fatal(err)
			}
		}
		ours += time.Since(at)
		at = time.Now()
		for range turn {
			out, ends = floorEnds(in, out, ends[:0])
		}
		least += time.Since(at)
		at = time.Now()
		for range turn {
			out, ends = floorLoop(in, out, ends[:0])
		}
		loop += time.Since(at)
	}
	sink = len(out) + len(ends)
	perSecond := func(d time.Duration) float64 { return float64(b.N*turn) / d.Seconds() }
	b.ReportMetric(perSecond(ours), "messages/s")
	b.ReportMetric(perSecond(least), "floor/s")
	b.ReportMetric(perSecond(loop), "loopfloor/s")
	b.ReportMetric(float64(ours)/float64(least), "x-floor")
	b.ReportMetric(float64(ours)/float64(loop), "x-loopfloor")
}

func BenchmarkAck(b *testing.B) {
	m := parse(b, fiveK(b))
	a := Ack{Code: "AA", ControlID: "RL1", Time: ackTime}
	b.ReportAllocs()
	for b.Loop() {
		sink = len(a.Bytes(m))
	}
}

func BenchmarkValidate(b *testing.B) {
	m := parse(b, fiveK(b))
	b.ReportAllocs()
	for b.Loop() {
		sink = len(Validate(m, Lenient))
	}
}

// sink keeps the compiler from dropping what a benchmark does.
var sink int

func TestParseAllocates(t *testing.T) {
	in := fiveK(t)
	if n := testing.AllocsPerRun(100, func() {
		m, err := Parse(in, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range tenFields {
			sink += len(m.Value(p).Subcomponent(1).Raw())
		}
	}); n > 2 {
		t.Errorf("got %v allocations for a 5 kB message, want at most 2", n)
	}
}
