package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The test binary is its own worker: REFLOOP_TEST_WORKER says how it behaves.
func TestMain(m *testing.M) {
	switch mode := os.Getenv("REFLOOP_TEST_WORKER"); mode {
	case "":
		goleak.VerifyTestMain(m)
	case "real":
		if err := Worker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
	default:
		_ = work(os.Stdin, os.Stdout, func(string) (engine, error) { return fake(mode), nil })
	}
}

// fake is an engine whose pages are as wide as what should happen to them.
type fake string

const (
	widthFine, widthCrash, widthHang, widthRefuse, widthBusy = 50, 51, 52, 53, 54
)

func (f fake) version() string { return "fake" }
func (f fake) close()          {}

func (f fake) read(r Request) ([][]Word, error) {
	switch r.Width {
	case widthCrash:
		os.Exit(139)
	case widthHang:
		select {}
	case widthBusy:
		for n := uint64(1); n != 0; {
			n = n*6364136223846793005 | 1 // never even, never done
		}
	case widthRefuse:
		return nil, errors.New("ocr: the engine refused the image")
	}
	var out [][]Word
	for range r.Modes {
		out = append(out, []Word{{Text: fmt.Sprint(os.Getpid()), Conf: 1.5, Box: image.Rect(-5, 0, 9999, 10)}})
	}
	return out, nil
}

func testPool(t *testing.T, mode string, cfg Config) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command = []string{self}
	cfg.Env = append(cfg.Env, "REFLOOP_TEST_WORKER="+mode)
	if cfg.Memory == 0 {
		cfg.Memory = -1 // the race detector needs more address space than any limit
	}
	p, err := NewPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func page(width int) Request {
	return Request{Width: width, Height: 40, Modes: []int{ModeBlock, ModeAuto}, Pix: bytes.Repeat([]byte{255}, width*40)}
}

func pid(t *testing.T, p *Pool) string {
	t.Helper()
	r, err := p.Recognize(context.Background(), page(widthFine))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Readings) != 2 || len(r.Readings[0]) != 1 {
		t.Fatalf("got %v, want two readings of one word", r.Readings)
	}
	return r.Readings[0][0].Text
}

func TestReplyIsHeldToTheImage(t *testing.T) {
	p := testPool(t, "fake", Config{})
	r, err := p.Recognize(context.Background(), page(widthFine))
	if err != nil {
		t.Fatal(err)
	}
	w := r.Readings[0][0]
	if w.Conf != 1 || w.Box != image.Rect(0, 0, widthFine, 10) {
		t.Errorf("got confidence %v and box %v, want 1 and the part inside the image", w.Conf, w.Box)
	}
}

func TestBadPagesCostOnePage(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		kind  string
		stays bool // the same child serves on
	}{
		{"crash", widthCrash, Crash, false},
		{"hang", widthHang, Timeout, false},
		{"refusal", widthRefuse, Refused, true},
		{"busy", widthBusy, Timeout, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := Config{PageTime: time.Second}
			if c.width == widthBusy {
				if runtime.GOOS != "linux" {
					t.Skip("processor time is limited on Linux only")
				}
				limits = Config{PageTime: time.Hour, PageCPU: time.Second}
			}
			p := testPool(t, "fake", limits)
			before := pid(t, p)
			_, err := p.Recognize(context.Background(), page(c.width))
			var pe *PageError
			if !errors.As(err, &pe) || pe.Kind != c.kind {
				t.Fatalf("got %v, want a PageError of kind %s", err, c.kind)
			}
			if after := pid(t, p); (after == before) != c.stays {
				t.Errorf("same child: got %v, want %v", after == before, c.stays)
			}
		})
	}
}

func TestChildIsReplacedAfterSoManyPages(t *testing.T) {
	p := testPool(t, "fake", Config{PagesPerWorker: 2})
	a, b, c := pid(t, p), pid(t, p), pid(t, p)
	if a != b || b == c {
		t.Errorf("got children %s %s %s, want a new one for the third page", a, b, c)
	}
}

func TestCallerMayGiveUp(t *testing.T) {
	p := testPool(t, "fake", Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := p.Recognize(ctx, page(widthHang)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the caller's own deadline", err)
	}
	pid(t, p)
}

func TestClosedPool(t *testing.T) {
	p := testPool(t, "fake", Config{Workers: 2})
	pid(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Recognize(context.Background(), page(widthFine)); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
}

func TestWorkerThatCannotStart(t *testing.T) {
	p, err := NewPool(Config{Command: []string{"/nonexistent/worker"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Recognize(context.Background(), page(widthFine)); err == nil {
		t.Fatal("got nil, want an error")
	}
	q := testPool(t, "real", Config{Env: []string{"TESSDATA_PREFIX=/nonexistent"}})
	_, err = q.Recognize(context.Background(), page(widthFine))
	if !errors.Is(err, ErrNoEngine) || !strings.Contains(err.Error(), "apt-get install") {
		t.Fatalf("got %v, want ErrNoEngine with the package to install", err)
	}
}

func TestTesseractReadsALine(t *testing.T) {
	p := testPool(t, "real", Config{})
	g := image.NewGray(image.Rect(0, 0, 170, 30))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	d := font.Drawer{Dst: g, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(10, 20)}
	d.DrawString("REFERRAL ORDER 2026")
	const k = 3
	big := Request{Width: 170 * k, Height: 30 * k, DPI: 204, Pix: make([]byte, 170*30*k*k)}
	for y := range 30 * k {
		for x := range 170 * k {
			big.Pix[y*big.Width+x] = g.Pix[y/k*g.Stride+x/k]
		}
	}
	r, err := p.Recognize(context.Background(), big)
	if errors.Is(err, ErrNoEngine) {
		t.Skipf("tesseract is not usable here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range r.Readings[0] {
		got = append(got, w.Text)
	}
	if s := strings.Join(got, " "); !strings.Contains(s, "REFERRAL") || !strings.Contains(s, "2026") {
		t.Errorf("got %q, want the words drawn", s)
	}
}

func TestRequestLimits(t *testing.T) {
	good := page(widthFine)
	for name, change := range map[string]func(*Request){
		"too wide":        func(r *Request) { r.Width = 60000 },
		"too many pixels": func(r *Request) { r.Width, r.Height = MaxSide, MaxSide },
		"short pixels":    func(r *Request) { r.Pix = r.Pix[1:] },
		"mode":            func(r *Request) { r.Modes = []int{0} },
		"modes":           func(r *Request) { r.Modes = make([]int, MaxModes+1) },
		"resolution":      func(r *Request) { r.DPI = 100000 },
		"empty":           func(r *Request) { *r = Request{} },
	} {
		r := good
		change(&r)
		if err := r.Check(); !errors.Is(err, ErrWire) {
			t.Errorf("%s: got %v, want ErrWire", name, err)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}
