package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// got is what a stream gave, in a form that is easy to compare.
type got struct {
	Frames []string
	Err    error
}

func readAll(r io.Reader, c Config) got {
	rd := NewReader(r, c)
	var g got
	for {
		f, err := rd.Next()
		if err != nil {
			g.Err = err
			return g
		}
		s := string(f.Message)
		if f.Skipped > 0 {
			s += fmt.Sprintf(" skipped=%d", f.Skipped)
		}
		if f.Restarts > 0 {
			s += fmt.Sprintf(" restarts=%d", f.Restarts)
		}
		if f.NoCR {
			s += " nocr"
		}
		g.Frames = append(g.Frames, s)
	}
}

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"nothing", "", nil, io.EOF},
		{"one", "\x0BMSH|a\r\x1C\r", []string{"MSH|a\r"}, io.EOF},
		{"three joined", "\x0Ba\x1C\r\x0Bb\x1C\r\x0Bc\x1C\r", []string{"a", "b", "c"}, io.EOF},
		{"empty message", "\x0B\x1C\r", []string{""}, io.EOF},
		{"line ends after the frame", "\x0Ba\x1C\r\r\n\x0Bb\x1C\r\n", []string{"a", "b"}, io.EOF},
		{"bytes before", "xyz\x0Ba\x1C\r\n12\x0Bb\x1C\r", []string{"a skipped=3", "b skipped=2"}, io.EOF},
		{"restart", "\x0Bpart\x0Bp2\x0Bwhole\x1C\r", []string{"whole restarts=2"}, io.EOF},
		{"restart at once", "\x0B\x0Ba\x1C\r", []string{"a restarts=1"}, io.EOF},
		{"end without CR, then a start", "\x0Ba\x1C\x0Bb\x1C\r", []string{"a nocr", "b"}, io.EOF},
		{"end without CR, then LF", "\x0Ba\x1C\n\x0Bb\x1C\r", []string{"a nocr", "b"}, io.EOF},
		{"end without CR, then the end of the stream", "\x0Ba\x1C", []string{"a nocr"}, io.EOF},
		{"end twice", "\x0Ba\x1C\x1C\r\x0Bb\x1C\r", []string{"a nocr", "b"}, io.EOF},
		{"end block character in a text", "\x0Ba\x1Cb\x1C\r", []string{"a\x1Cb"}, io.EOF},
		{"cut", "\x0Ba\x1C\r\x0Bhalf", []string{"a"}, ErrNoEnd},
		{"only garbage", "GET / HTTP/1.1\r\n\r\n", nil, io.EOF},
		{"too much garbage", strings.Repeat("x", 101), nil, ErrNoStart},
		{"too long", "\x0B" + strings.Repeat("x", 201) + "\x1C\r", nil, ErrTooLarge},
		{"too long before a restart", "\x0B" + strings.Repeat("x", 201) + "\x0Ba\x1C\r", nil, ErrTooLarge},
		{"at the limit", "\x0B" + strings.Repeat("x", 200) + "\x1C\r", []string{strings.Repeat("x", 200)}, io.EOF},
		{"endless line ends", "\x0Ba\x1C\r" + strings.Repeat("\r", 300), []string{"a"}, ErrNoStart},
	} {
		lim := Config{Limits: Limits{Message: 200, Skipped: 100}}
		for kind, r := range map[string]io.Reader{
			"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in)),
			"half": iotest.HalfReader(strings.NewReader(c.in)), "error with data": iotest.DataErrReader(strings.NewReader(c.in)),
		} {
			g := readAll(r, lim)
			if !cmp.Equal(g.Frames, c.want) || !errors.Is(g.Err, c.err) {
				t.Errorf("%s, %s: got %q %v, want %q %v", c.name, kind, g.Frames, g.Err, c.want, c.err)
			}
		}
	}
}

func TestReaderKeepsFirstStrayBytes(t *testing.T) {
	r := NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\n"), Config{})
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if n, head := r.Skipped(); n != 25 || string(head) != "GET / HTTP/1.1\r\n" {
		t.Errorf("got %d %q", n, head)
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the error must stay, got %v", err)
	}
}

// endless gives a start block and then x for ever.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.n == 0 {
		p[0] = StartBlock
	}
	e.n += int64(len(p))
	return len(p), nil
}

func TestReaderStopsAtTheLimit(t *testing.T) {
	src := &endless{}
	held, most := 0, 0
	c := Config{
		Limits: Limits{Message: 1 << 20},
		Take:   func(n int) error { held += n; most = max(most, held); return nil },
		Give:   func(n int) { held -= n },
	}
	_, err := NewReader(src, c).Next()
	if !errors.Is(err, ErrTooLarge) || held != 0 {
		t.Fatalf("got %v, %d bytes still held", err, held)
	}
	if src.n > 1<<20+2*readSize || most > 2<<20 {
		t.Errorf("read %d bytes and held %d for a limit of %d", src.n, most, 1<<20)
	}
}

func TestReaderAsksTheBudget(t *testing.T) {
	busy := errors.New("busy")
	held := 0
	c := Config{
		Take: func(n int) error {
			if held+n > 20_000 {
				return busy
			}
			held += n
			return nil
		},
		Give: func(n int) { held -= n },
	}
	if _, err := NewReader(&endless{}, c).Next(); !errors.Is(err, busy) || held != 0 {
		t.Errorf("got %v with %d bytes held, want busy and none", err, held)
	}
	f, err := NewReader(strings.NewReader("\x0Babc\x1C\r"), c).Next()
	if err != nil || f.Taken != held || held < 3 {
		t.Errorf("got %+v, %v with %d bytes held", f, err, held)
	}
}

// pausing is a stream whose sender waits after some bytes.
type pausing struct {
	parts   []string
	waiting bool
}

func (p *pausing) Read(b []byte) (int, error) {
	if len(p.parts) == 0 {
		return 0, io.EOF
	}
	if p.parts[0] == "" {
		p.parts = p.parts[1:]
		if p.waiting {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n := copy(b, p.parts[0])
	p.parts = p.parts[1:]
	return n, nil
}

func TestReaderWaitsShortlyForTheCR(t *testing.T) {
	p := &pausing{parts: []string{"\x0Ba\x1C", "", "\r\x0Bb\x1C\r"}}
	calls := 0
	g := readAll(p, Config{WaitEnd: func(begin bool) { p.waiting = begin; calls++ }})
	if want := []string{"a nocr", "b"}; !cmp.Equal(g.Frames, want) || !errors.Is(g.Err, io.EOF) || calls != 2 {
		t.Errorf("got %q %v after %d calls", g.Frames, g.Err, calls)
	}
}

func TestReaderPassesStreamErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	r := NewReader(io.MultiReader(strings.NewReader("\x0Bab"), iotest.ErrReader(broken)), Config{})
	if f, err := r.Next(); !errors.Is(err, broken) || f.Message != nil {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	big := strings.Repeat("y", oneWrite+1)
	for _, m := range []string{"MSH|a\r", "", big} {
		if err := w.WriteMessage([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "\x0BMSH|a\r\x1C\r\x0B\x1C\r\x0B" + big + "\x1C\r"; b.String() != want {
		t.Errorf("got %d bytes, want %d", b.Len(), len(want))
	}
	for _, bad := range []string{"a\x0Bb", "a\x1Cb"} {
		if err := w.WriteMessage([]byte(bad)); !errors.Is(err, ErrBlock) {
			t.Errorf("%q: got %v, want ErrBlock", bad, err)
		}
	}
	if err := NewWriter(short{}).WriteMessage([]byte("abc")); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want a short write", err)
	}
}

type short struct{}

func (short) Write(b []byte) (int, error) { return len(b) / 2, nil }

func TestUnwrap(t *testing.T) {
	for _, c := range []struct {
		in, want string
		n        int
		err      error
	}{
		{"\x0Ba\x1C\r", "a", 4, nil},
		{"xx\x0Ba\x1C\rrest", "a", 6, nil},
		{"\x0Ba\x1C", "a", 3, nil},
		{"\x0Bx\x0Ba\x1Cb\x1C\r", "a\x1Cb", 8, nil},
		{"abc", "", 0, ErrNoStart},
		{"\x0Babc", "", 0, ErrNoEnd},
	} {
		m, n, err := Unwrap([]byte(c.in))
		if string(m) != c.want || n != c.n || !errors.Is(err, c.err) {
			t.Errorf("%q: got %q %d %v", c.in, m, n, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"", "\x0Ba\x1C\r", "x\x0Ba\x0Bb\x1C\x0Bc\x1C\n\r", "\x0Ba\x1Cb\x1C", "\x0B\x1C\x1C\r\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		held := 0
		c := Config{Limits: Limits{Message: 1000, Skipped: 100}, Take: func(n int) error { held += n; return nil }, Give: func(n int) { held -= n }}
		whole := readAll(bytes.NewReader(b), Config{Limits: c.Limits})
		split := readAll(iotest.OneByteReader(bytes.NewReader(b)), Config{Limits: c.Limits})
		if !cmp.Equal(whole.Frames, split.Frames) {
			t.Fatalf("%q read whole %q and byte by byte %q", b, whole.Frames, split.Frames)
		}
		r := NewReader(bytes.NewReader(b), c)
		for {
			fr, err := r.Next()
			if err != nil {
				break
			}
			held -= fr.Taken
			if !bytes.ContainsAny(fr.Message, "\x0B\x1C") {
				m, n, err := Unwrap(Append(nil, fr.Message))
				if err != nil || !bytes.Equal(m, fr.Message) || n != len(m)+3 {
					t.Fatalf("written and read again: %q %d %v", m, n, err)
				}
			}
		}
		if held != 0 {
			t.Fatalf("%d bytes of budget lost", held)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	frame := Append(nil, bytes.Repeat([]byte("x"), 5000))
	stream := bytes.Repeat(frame, 1000)
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for n := 0; n < b.N; {
		r := NewReader(bytes.NewReader(stream), Config{})
		for n < b.N {
			if _, err := r.Next(); err != nil {
				break
			}
			n++
		}
	}
}
