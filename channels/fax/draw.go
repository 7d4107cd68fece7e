package fax

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"strconv"
	"time"

	"refloop/fax"
)

// Drawer has PDF pages drawn by pdftoppm and their words listed by pdftotext (both of poppler-utils), in a child process with limits on memory, processor time, files and output.
// The child is this program itself, in the mode that calls Worker, which sets the limits and then becomes one of the two. The zero value of a
// field means its default. It is safe for use by several goroutines.
type Drawer struct {
	Command []string      // the program and arguments that end in Worker, for example {"/proc/self/exe", "pdf-worker"}; must be set
	Time    time.Duration // for one page; 30 s
	Memory  int64         // address space of the child in bytes; 1 GiB
}

const (
	drawDPI    = 204
	drawWidth  = 4896 // pixels: 24 inches, ANSI C on its side
	minDrawn   = 32   // pixels
	maxPicture = drawWidth*drawWidth + 64
)

// Errors of drawing are *fax.Unreadable: they are about one page. It never quotes what the tools say, who may quote the file.
func undrawn(format string, args ...any) error {
	return &fax.Unreadable{Kind: fax.Broken, What: "PDF page: " + fmt.Sprintf(format, args...)}
}

// Page draws page n (from 1) of a PDF as grey at 204 dots per inch.
func (d *Drawer) Page(ctx context.Context, pdf []byte, n int) (*fax.Page, error) {
	out, err := d.run(ctx, modeDraw, pdf, n)
	if err != nil {
		return nil, err
	}
	g, err := parsePGM(out)
	if err != nil {
		return nil, err
	}
	return drawnPage(g, n), nil
}

// run has the child do one thing with page n.
func (d *Drawer) run(ctx context.Context, mode string, pdf []byte, n int) ([]byte, error) {
	if len(d.Command) == 0 {
		return nil, errors.New("fax: drawing PDF pages: got no command, want the program's pdf-worker mode")
	}
	limit := d.Time
	if limit <= 0 {
		limit = 30 * time.Second
	}
	memory := d.Memory
	if memory <= 0 {
		memory = 1 << 30
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := append(append([]string{}, d.Command[1:]...), mode, strconv.FormatInt(memory, 10), strconv.Itoa(int(limit/time.Second)+1), strconv.Itoa(n))
	cmd := exec.CommandContext(ctx, d.Command[0], args...)
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin", "LC_ALL=C"}
	cmd.Stdin = bytes.NewReader(pdf)
	cmd.WaitDelay = 5 * time.Second
	var out limitedBuffer
	cmd.Stdout = &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case outer.Err() != nil:
		return nil, outer.Err()
	case ctx.Err() != nil:
		return nil, undrawn("got no answer within %s", limit)
	case out.over:
		return nil, &fax.Unreadable{Kind: fax.TooLarge, What: fmt.Sprintf("PDF page: got more than %d bytes of it, want at most that", maxPicture)}
	case errors.As(err, &exit) && exit.ExitCode() == exitNoTool:
		return nil, errors.New("fax: drawing PDF pages: pdftoppm or pdftotext is not installed; apt-get install poppler-utils")
	case errors.As(err, &exit):
		return nil, undrawn("the tool ended with a fault after %d bytes", out.b.Len())
	case err != nil:
		return nil, fmt.Errorf("fax: drawing PDF pages: %w", err)
	}
	return out.b.Bytes(), nil
}

// drawnPage makes a page of what was drawn.
func drawnPage(g *image.Gray, n int) *fax.Page {
	return &fax.Page{Number: n, Tones: g, Width: g.Rect.Dx(), Height: g.Rect.Dy(), XRes: drawDPI, YRes: drawDPI, Compress: "drawn"}
}

// limitedBuffer fails when more is written than a page can be.
type limitedBuffer struct {
	b    bytes.Buffer
	over bool
}

func (l *limitedBuffer) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > maxPicture {
		l.over = true
		return 0, io.ErrShortBuffer
	}
	return l.b.Write(p)
}

// parsePGM reads a binary PGM of 8 bits (netpbm P5) as pdftoppm writes it.
func parsePGM(b []byte) (*image.Gray, error) {
	var width, height, top int
	r := bytes.NewReader(b)
	if n, err := fmt.Fscanf(r, "P5\n%d %d\n%d\n", &width, &height, &top); err != nil || n != 3 || top != 255 {
		return nil, undrawn("got %d bytes that are no PGM image, want one", len(b))
	}
	if width < minDrawn || height < minDrawn { // what pdftoppm writes, without an error, when it has no memory for a page
		return nil, undrawn("got an image of %d x %d pixels, want at least %d each; the page is too large to be drawn", width, height, minDrawn)
	}
	if width > drawWidth || height > drawWidth || r.Len() != width*height {
		return nil, undrawn("got an image of %d x %d pixels with %d bytes, want one byte each and at most %d in each direction", width, height, r.Len(), drawWidth)
	}
	return &image.Gray{Pix: b[len(b)-r.Len():], Stride: width, Rect: image.Rect(0, 0, width, height)}, nil
}
