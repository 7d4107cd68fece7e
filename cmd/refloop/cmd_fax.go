package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	faxrail "refloop/channels/fax"
	"refloop/fax"
	"refloop/fax/ocr"
)

const (
	maxFaxFile    = 64 << 20 // bytes of a file
	maxOCRWorkers = 64
	someWorkers   = 4 // default of --ocr-workers on machines with at least as many processors
)

func faxCommand() *cobra.Command {
	read := &cobra.Command{
		Use: "read FILE...", Short: "read faxed referrals: one JSON line a file, in the order of the arguments", Args: cobra.MinimumNArgs(1),
		Long: "read reads TIFF, PDF, PNG and JPEG files as a fax channel does and prints one JSON line a file: file, the fields found, confidence\n" +
			"{key: 0..1} and boxes {key: [page, x, y, w, h]}. Pages of several patients give documents: [...], or needs_split: true. A file that\n" +
			"cannot be read gives {file, error}, and the exit code is 1 after the last. Nothing is stored and no daemon is needed.",
		Example: "  refloop fax read inbox/*.tif --ocr-workers 2 > read.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			workers, err := cmd.Flags().GetInt("ocr-workers")
			if err != nil {
				return err
			}
			if workers < 1 || workers > maxOCRWorkers {
				return usageError{fmt.Errorf("--ocr-workers: got %d, want 1 to %d", workers, maxOCRWorkers)}
			}
			rules, err := rulesOf(cmd, cmd.Flags().Lookup("channel").Value.String())
			if err != nil {
				return err
			}
			r, err := newFaxReader(workers)
			if err != nil {
				return err
			}
			r.rules = rules
			failed, err := r.files(cmd.Context(), args, workers, cmd.OutOrStdout())
			if err = errors.Join(err, r.pool.Close()); err == nil && failed {
				err = errQuiet // each has said so in its line
			}
			return err
		},
	}
	read.Flags().String("channel", "", "with the words and templates of this fax `channel` of the configuration")
	read.Flags().Int("ocr-workers", min(someWorkers, runtime.NumCPU()), "read with `N` child processes, about 60 MB each")
	return group("fax", "read faxed pages and look at them", read, faxShowCommand(), faxTeachCommand())
}

// faxReader reads files outside of the daemon; native code runs in child processes only.
type faxReader struct {
	pool *ocr.Pool
	draw *faxrail.Drawer

	rules *fax.Rules // nil: those that come with the program
}

func newFaxReader(workers int) (*faxReader, error) {
	self, err := executable()
	if err != nil {
		return nil, fmt.Errorf("fax read: own program: %w", err)
	}
	pool, err := ocr.NewPool(ocr.Config{Command: []string{self, "ocr-worker"}, Workers: workers})
	if err != nil {
		return nil, err
	}
	return &faxReader{pool: pool, draw: &faxrail.Drawer{Command: []string{self, "pdf-worker"}}}, nil
}

// faxLine is the line of one file.
type faxLine struct {
	line   []byte
	failed bool
}

// files reads several files at a time and writes their lines in the order of paths.
func (r *faxReader) files(ctx context.Context, paths []string, workers int, w io.Writer) (failed bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	lines := make([]chan faxLine, len(paths))
	for i := range lines {
		lines[i] = make(chan faxLine, 1)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range min(workers, len(paths)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
				lines[i] <- r.file(ctx, paths[i])
			}
		})
	}
	for i := range lines {
		l := <-lines[i]
		if ctx.Err() != nil {
			return true, ctx.Err()
		}
		failed = failed || l.failed
		if _, err := w.Write(l.line); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// file reads one file. A file that breaks the reader costs its own line only.
func (r *faxReader) file(ctx context.Context, path string) (l faxLine) {
	defer func() {
		if recover() != nil {
			l = faxLine{line: fax.ErrorLine(path, errors.New("fax: the reader failed on this file; please report it")), failed: true}
		}
	}()
	result, err := r.read(ctx, path)
	if err != nil {
		return faxLine{line: fax.ErrorLine(path, err), failed: true}
	}
	return faxLine{line: result.Line(path)}
}

func (r *faxReader) read(ctx context.Context, path string) (fax.Result, error) {
	b, err := readBounded(path, maxFaxFile)
	if err != nil {
		return fax.Result{}, err
	}
	text, err := faxrail.Read(ctx, r.pool, r.draw, b, fax.Limits{Bytes: maxFaxFile})
	if err != nil {
		return fax.Result{}, err
	}
	if why, ok := nothingRead(text.Pages); ok {
		return fax.Result{}, fmt.Errorf("fax: no page of %d could be read: %s", len(text.Pages), why)
	}
	if r.rules != nil {
		return r.rules.From(text.Station).Extract(text.Pages), nil
	}
	return fax.Extract(text.Pages), nil
}

// nothingRead reports whether every page failed, and why the first did.
func nothingRead(pages []fax.PageText) (string, bool) {
	for _, p := range pages {
		if p.Failure == "" {
			return "", false
		}
	}
	if len(pages) == 0 {
		return "it has none", true
	}
	return pages[0].Failure, true
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: got more than %d bytes, want fewer", path, limit)
	}
	return b, err
}
