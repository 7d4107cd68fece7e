package ocr

import (
	"errors"
	"io"
	"runtime/debug"
)

// ErrNoEngine: this program, or this machine, cannot do OCR. The text around
// it names the Debian packages to install.
var ErrNoEngine = errors.New("ocr: no engine")

// defaultLanguage is the only language asked for; its data file must be there.
const defaultLanguage = "eng"

// engine is what the worker needs of Tesseract.
type engine interface {
	version() string
	read(Request) ([][]Word, error)
	close()
}

// goMemory is what the Go side of a worker may use before it collects more
// often: an image or two, a reply.
const goMemory = 64 << 20

// cpuExit is the exit code of a worker whose page used up its processor time.
const cpuExit = 24 // as the signal SIGXCPU on Linux

// Worker is the body of the child process (`refloop ocr-worker`): it takes
// its settings, limits its own memory, loads the engine, then answers page
// requests from r on w until r ends. A broken frame ends it with an error,
// because the stream cannot be trusted after that. It must have a process of
// its own: the engine closes standard error for a moment while it loads, and
// may crash. The parent sets OMP_THREAD_LIMIT=1 before the start.
func Worker(r io.Reader, w io.Writer) error {
	debug.SetMemoryLimit(goMemory)
	return work(r, w, openEngine)
}

func work(r io.Reader, w io.Writer, open func(language string) (engine, error)) error {
	var h hello
	if _, err := readFrame(r, kindHello, &h, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	eng, err := start(h, open)
	if err != nil {
		if werr := writeFrame(w, kindReady, ready{Err: err.Error()}, nil); werr != nil {
			return werr
		}
		return err
	}
	defer eng.close()
	if h.CPU > 0 {
		endAtCPU()
	}
	if err := writeFrame(w, kindReady, ready{Version: eng.version()}, nil); err != nil {
		return err
	}
	for {
		req, err := readRequest(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := budgetCPU(h.CPU); err != nil {
			return err
		}
		if err := answer(w, eng, req); err != nil {
			return err
		}
	}
}

func start(h hello, open func(string) (engine, error)) (engine, error) {
	if err := limitMemory(h.Memory); err != nil {
		return nil, err
	}
	if h.Language == "" {
		h.Language = defaultLanguage
	}
	return open(h.Language)
}

func answer(w io.Writer, eng engine, req Request) error {
	if len(req.Modes) == 0 {
		req.Modes = []int{ModeBlock}
	}
	readings, err := eng.read(req)
	if err != nil {
		return writeFrame(w, kindReply, replyHeader{Err: err.Error()}, nil)
	}
	for i := range readings {
		if len(readings[i]) > MaxWords {
			readings[i] = readings[i][:MaxWords]
		}
	}
	return writeFrame(w, kindReply, replyHeader{Readings: readings}, nil)
}
