package ocr

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"time"
)

// Limits of the wire format. They hold on both sides, before any allocation.
const (
	// MaxSide is the largest width or height of an image, in pixels.
	// Tesseract itself stops at 32767.
	MaxSide = 16384
	// MaxPixels is the largest image, in pixels.
	MaxPixels = 32 << 20
	// MaxModes is the largest number of readings asked for in one request.
	MaxModes = 4
	// MaxWords is the largest number of words in one reading.
	MaxWords = 20000

	maxHeader = 8 << 20 // bytes of JSON in one frame: 20,000 words fit
)

// Page segmentation modes of Tesseract that make sense here.
const (
	ModeAuto   = 3  // columns and blocks found by the engine
	ModeBlock  = 6  // one block of text: keeps table rows together
	ModeLine   = 7  // the image is one line
	ModeSparse = 11 // as many words as possible, in no order
)

// ErrWire marks a frame that breaks the format or its limits.
var ErrWire = errors.New("ocr: broken frame")

// Word is one word of a reading with its place on the image that was sent.
type Word struct {
	Text string          `json:"t"`
	Conf float64         `json:"c"` // 0..1, Tesseract's word confidence / 100
	Box  image.Rectangle `json:"b"` // pixels, origin top left
	Line int             `json:"l"` // number of its text line within the reading, from 0
}

// Request is one image to be read in one or more modes.
type Request struct {
	Width, Height int    // pixels
	DPI           int    // both directions; 0 means 204
	Modes         []int  // page segmentation modes, one reading each; empty means ModeBlock
	Allow         string // characters to choose from; empty means all
	Pix           []byte // gray, one byte a pixel, rows without padding: Width*Height bytes
}

// Reply holds one reading for each mode of the request, in its order.
type Reply struct {
	Readings [][]Word
}

// Check reports what is wrong with the request before it is sent: sizes,
// number of modes, length of Pix.
func (r Request) Check() error {
	if r.Width < 3 || r.Height < 3 || r.Width > MaxSide || r.Height > MaxSide || r.Width*r.Height > MaxPixels {
		return fmt.Errorf("%w: image: got %d x %d pixels, want 3 to %d a side and at most %d pixels", ErrWire, r.Width, r.Height, MaxSide, MaxPixels)
	}
	if len(r.Pix) != r.Width*r.Height {
		return fmt.Errorf("%w: pixels: got %d bytes, want %d", ErrWire, len(r.Pix), r.Width*r.Height)
	}
	if r.DPI < 0 || r.DPI > 2400 {
		return fmt.Errorf("%w: resolution: got %d dpi, want 0 to 2400", ErrWire, r.DPI)
	}
	if len(r.Modes) > MaxModes {
		return fmt.Errorf("%w: modes: got %d, want at most %d", ErrWire, len(r.Modes), MaxModes)
	}
	for _, m := range r.Modes {
		if m < 3 || m > 13 {
			return fmt.Errorf("%w: mode: got %d, want 3 to 13", ErrWire, m)
		}
	}
	if len(r.Allow) > 256 {
		return fmt.Errorf("%w: allowed characters: got %d bytes, want at most 256", ErrWire, len(r.Allow))
	}
	return nil
}

// A frame is: 'R' 'L' kind version(1), JSON length, payload length (both
// big-endian uint32), JSON, payload.
const (
	kindHello = 'H' // parent to child, once: settings
	kindReady = 'O' // child to parent, once: engine version or set-up error
	kindPage  = 'P' // parent to child: request, payload is the pixels
	kindReply = 'A' // child to parent: readings or a refusal
)

type hello struct {
	Memory   int64         `json:"memory"`   // bytes of address space, 0 unlimited
	CPU      time.Duration `json:"cpu"`      // processor time for each request, 0 unlimited
	Language string        `json:"language"` // traineddata name
}

type ready struct {
	Version string `json:"version,omitempty"`
	Err     string `json:"err,omitempty"`
}

type pageHeader struct {
	Width  int    `json:"w"`
	Height int    `json:"h"`
	DPI    int    `json:"dpi"`
	Modes  []int  `json:"modes"`
	Allow  string `json:"allow,omitempty"`
}

type replyHeader struct {
	Readings [][]Word `json:"readings"`
	Err      string   `json:"err,omitempty"`
}

func writeFrame(w io.Writer, kind byte, header any, payload []byte) error {
	js, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("ocr: encoding a frame: %w", err)
	}
	head := []byte{'R', 'L', kind, 1}
	head = binary.BigEndian.AppendUint32(head, uint32(len(js)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(payload)))
	if _, err := w.Write(append(head, js...)); err != nil {
		return err
	}
	if len(payload) == 0 {
		return nil
	}
	_, err = w.Write(payload)
	return err
}

// readFrame reads one frame of the given kind into header and returns its
// payload of at most maxPayload bytes. io.EOF: the stream ended between frames.
func readFrame(r io.Reader, kind byte, header any, maxPayload int) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("%w: head: %v", ErrWire, err)
	}
	if head[0] != 'R' || head[1] != 'L' || head[2] != kind || head[3] != 1 {
		return nil, fmt.Errorf("%w: head: got % x, want RL %c version 1", ErrWire, head[:4], kind)
	}
	nj, np := binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[8:])
	if nj > maxHeader || int64(np) > int64(maxPayload) {
		return nil, fmt.Errorf("%w: got %d + %d bytes, want at most %d + %d", ErrWire, nj, np, maxHeader, maxPayload)
	}
	js, err := readN(r, int64(nj))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(js, header); err != nil {
		return nil, fmt.Errorf("%w: header of %d bytes is not the JSON expected", ErrWire, nj)
	}
	if np == 0 {
		return nil, nil
	}
	return readN(r, int64(np))
}

// readN reads n bytes without trusting n: memory grows with what arrives.
func readN(r io.Reader, n int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrWire, err)
	}
	if int64(len(b)) != n {
		return nil, fmt.Errorf("%w: got %d bytes, want %d", ErrWire, len(b), n)
	}
	return b, nil
}

// readRequest reads one page request; io.EOF when the parent is done.
func readRequest(r io.Reader) (Request, error) {
	var h pageHeader
	pix, err := readFrame(r, kindPage, &h, MaxPixels)
	if err != nil {
		return Request{}, err
	}
	req := Request{Width: h.Width, Height: h.Height, DPI: h.DPI, Modes: h.Modes, Allow: h.Allow, Pix: pix}
	if err := req.Check(); err != nil {
		return Request{}, err
	}
	return req, nil
}

func writeRequest(w io.Writer, r Request) error {
	return writeFrame(w, kindPage, pageHeader{Width: r.Width, Height: r.Height, DPI: r.DPI, Modes: r.Modes, Allow: r.Allow}, r.Pix)
}

// readReply reads the answer to one request and checks it against the image:
// boxes inside, confidences in range, the words counted.
func readReply(rd io.Reader, req Request) (Reply, string, error) {
	var h replyHeader
	if _, err := readFrame(rd, kindReply, &h, 0); err != nil {
		return Reply{}, "", err
	}
	if h.Err != "" {
		return Reply{}, h.Err, nil
	}
	page := image.Rect(0, 0, req.Width, req.Height)
	for _, words := range h.Readings {
		if len(words) > MaxWords {
			return Reply{}, "", fmt.Errorf("%w: reply: got %d words, want at most %d", ErrWire, len(words), MaxWords)
		}
		for i := range words {
			words[i].Box = words[i].Box.Intersect(page)
			words[i].Conf = min(1, max(0, words[i].Conf))
		}
	}
	return Reply{Readings: h.Readings}, "", nil
}
