package folder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const settle = 30 * time.Millisecond

// start runs a watcher; what it takes comes out of the channel.
func start(t *testing.T, dir string, taker func(File) error, change func(*Config)) (*Watcher, chan File) {
	t.Helper()
	taken := make(chan File, 100)
	cfg := Config{Dir: dir, Every: 20 * time.Millisecond, Settle: settle, Log: slog.New(slog.DiscardHandler), Subject: "test file"}
	if change != nil {
		change(&cfg)
	}
	w := New(cfg, func(_ context.Context, f File) error {
		var err error
		if taker != nil {
			err = taker(f)
		}
		taken <- f
		return err
	})
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(take, context.Background()) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return w, taken
}

func put(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, taken chan File) File {
	t.Helper()
	select {
	case f := <-taken:
		return f
	case <-time.After(10 * time.Second):
		t.Fatal("no file was taken within 10 s")
	}
	return File{}
}

// gone waits until a path does not exist.
func gone(t *testing.T, path string) {
	t.Helper()
	waitFor(t, func() bool { _, err := os.Lstat(path); return errors.Is(err, os.ErrNotExist) })
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nothing happened within 10 s")
		}
	}
}

func TestTakesCompleteFilesAndRemovesThem(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "before.tif"), "one")
	w, taken := start(t, dir, nil, nil)
	if f := next(t, taken); f.Name != "before.tif" || string(f.Body) != "one" {
		t.Errorf("got %q with %d bytes, want before.tif", f.Name, len(f.Body))
	}
	put(t, filepath.Join(dir, "after.tif"), "two")
	if f := next(t, taken); f.Name != "after.tif" {
		t.Errorf("got %q, want after.tif", f.Name)
	}
	gone(t, filepath.Join(dir, "after.tif"))
	if err := w.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

func TestWaitsForGrowingLockedAndTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	growing, err := os.Create(filepath.Join(dir, "a-growing.tif"))
	if err != nil {
		t.Fatal(err)
	}
	defer growing.Close()
	locked, err := os.Create(filepath.Join(dir, "b-locked.tif"))
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	if err := syscall.Flock(int(locked.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := locked.WriteString("half a call"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".hidden.tif", "x.tif.part", "y.tmp", "z.tif~"} {
		put(t, filepath.Join(dir, name), "not yet")
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link.tif")); err != nil {
		t.Fatal(err)
	}
	_, taken := start(t, dir, nil, nil)
	grow := time.NewTicker(settle / 3)
	defer grow.Stop()
	for range 15 {
		<-grow.C
		if _, err := growing.WriteString("row"); err != nil {
			t.Fatal(err)
		}
		select {
		case f := <-taken:
			t.Fatalf("took %q while it was being written", f.Name)
		default:
		}
	}
	if f := next(t, taken); f.Name != "a-growing.tif" || len(f.Body) != 45 {
		t.Errorf("got %q with %d bytes, want a-growing.tif with 45", f.Name, len(f.Body))
	}
	if err := syscall.Flock(int(locked.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if f := next(t, taken); f.Name != "b-locked.tif" {
		t.Errorf("got %q, want b-locked.tif", f.Name)
	}
}

func TestFailedFilesStayAndAreTriedAgain(t *testing.T) {
	dir := t.TempDir()
	tries := 0
	_, taken := start(t, dir, func(File) error {
		if tries++; tries < 3 {
			return errors.New("no room")
		}
		return nil
	}, nil)
	path := filepath.Join(dir, "fax.tif")
	put(t, path, "page")
	for range 3 {
		next(t, taken)
	}
	gone(t, path)
}

func TestSetsAside(t *testing.T) {
	dir := t.TempDir()
	_, taken := start(t, dir, func(File) error { return &Aside{Reason: "got words, want a fax"} }, func(c *Config) { c.Max = 10 })
	put(t, filepath.Join(dir, "bad.tif"), "words")
	next(t, taken)
	put(t, filepath.Join(dir, "big.tif"), strings.Repeat("x", 11))
	gone(t, filepath.Join(dir, "big.tif"))
	for name, want := range map[string]string{"bad.tif": "got words, want a fax", "big.tif": "got 11 bytes, want at most 10"} {
		reason := filepath.Join(dir, RefusedDir, name+".reason.txt")
		waitFor(t, func() bool { _, err := os.Stat(reason); return err == nil })
		if b, err := os.ReadFile(reason); err != nil || strings.TrimSpace(string(b)) != want {
			t.Errorf("%s: got reason %q (%v), want %q", name, b, err, want)
		}
	}
}

type fullBudget struct{ asked chan int }

func (b *fullBudget) Take(n int) error {
	select {
	case b.asked <- n:
	default:
	}
	return errors.New("full")
}
func (b *fullBudget) Give(int) { panic("nothing was taken") }

func TestLeavesFilesWhenMemoryIsUsedUp(t *testing.T) {
	dir := t.TempDir()
	b := &fullBudget{asked: make(chan int, 2)}
	_, taken := start(t, dir, nil, func(c *Config) { c.Budget = b })
	path := filepath.Join(dir, "fax.tif")
	put(t, path, "page")
	<-b.asked
	<-b.asked
	if _, err := os.Stat(path); err != nil {
		t.Errorf("got %v, want the file where it was", err)
	}
	if len(taken) != 0 {
		t.Error("got a file in spite of the budget")
	}
}

func TestReadyTellsOfAMissingFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "in")
	w, _ := start(t, dir, nil, nil)
	waitFor(t, func() bool { return w.Ready() == nil })
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return w.Ready() != nil })
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for _, body := range []string{"first", "second"} {
		if err := Write(dir, "out.json", []byte(body)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "out.json")); err != nil || string(b) != body {
			t.Errorf("got %q (%v), want %q", b, err, body)
		}
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Errorf("got %d files (%v), want 1", len(list), err)
	}
	for _, name := range []string{"", "..", "a/b", "../x"} {
		if err := Write(dir, name, nil); err == nil {
			t.Errorf("name %q: got no error, want one", name)
		}
	}
}

// TestManyThatAreNoFiles: things that can never be taken do not keep files from being seen.
func TestManyThatAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	for n := range 2 * maxPerScan {
		var err error
		name := filepath.Join(dir, fmt.Sprintf("x%05d", n))
		switch n % 3 {
		case 0:
			err = os.Mkdir(name, 0o700)
		case 1:
			err = os.Symlink("/etc/passwd", name)
		case 2:
			err = os.WriteFile(name, nil, 0o600) // empty: a writer has just begun
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(dir, "real"), "content")
	_, taken := start(t, dir, nil, nil)
	if f := next(t, taken); f.Name != "real" {
		t.Errorf("took %q", f.Body)
	}
}

// TestManyThatStay: files that are tried in vain at every scan do not keep others from being taken.
func TestManyThatStay(t *testing.T) {
	dir := t.TempDir()
	for n := range maxPerScan + 200 {
		put(t, filepath.Join(dir, fmt.Sprintf("x%05d", n)), "bad")
	}
	put(t, filepath.Join(dir, "real"), "good")
	taken := make(chan string, 1)
	start(t, dir, func(f File) error {
		if string(f.Body) == "bad" {
			return errors.New("not now")
		}
		taken <- f.Name
		return nil
	}, func(c *Config) { c.Settle = time.Millisecond })
	select {
	case <-taken:
	case <-time.After(10 * time.Second):
		t.Error("a good file behind bad ones was never taken")
	}
}

// TestTakenButNotRemovable: a file that was archived and cannot be removed is not archived again at every scan.
func TestTakenButNotRemovable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put(t, path, "first")
	w := New(Config{Dir: dir, Settle: time.Nanosecond, Log: slog.New(slog.DiscardHandler)}, nil)
	var got []string
	w.take = func(_ context.Context, f File) error { got = append(got, string(f.Body)); return nil }
	w.remove = func(string, os.FileInfo) error { return errors.New("read-only") }
	for range 5 {
		w.scan(context.Background(), context.Background())
	}
	if len(got) != 1 {
		t.Errorf("taken %d times, want once", len(got))
	}
	put(t, path, "another one")
	for range 5 {
		w.scan(context.Background(), context.Background())
	}
	if len(got) != 2 {
		t.Errorf("a new file under that name: taken %d times, want 2", len(got))
	}
}

// TestSetAsideLongNames: names as long as the file system allows, twice, are set aside with their reason.
func TestSetAsideLongNames(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("n", 251) + ".tif"
	refuse := func(File) error { return &Aside{Reason: "no fax"} }
	_, taken := start(t, dir, refuse, nil)
	for range 2 {
		put(t, filepath.Join(dir, long), "x")
		next(t, taken)
		gone(t, filepath.Join(dir, long))
	}
	waitFor(t, func() bool {
		list, err := os.ReadDir(filepath.Join(dir, RefusedDir))
		return err == nil && len(list) == 4
	})
}

// TestEmptyFiles: a file that stays empty is set aside after a while, and whoever must know is told of what stands aside.
func TestEmptyFiles(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "young": 0} {
		put(t, filepath.Join(dir, name), "")
		if err := os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	told := make(chan int, 10)
	fails := true
	start(t, dir, nil, func(c *Config) {
		c.Refused = func(_ context.Context, files int, newest time.Time) error {
			if fails {
				fails = false
				return errors.New("not now")
			}
			if files == 1 && newest.IsZero() {
				t.Error("got no time of the newest file")
			}
			told <- files
			return nil
		}
	})
	expect := func(want int) {
		t.Helper()
		select {
		case got := <-told:
			if got != want {
				t.Errorf("told of %d files, want %d", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing told, want %d files", want)
		}
	}
	expect(1)
	if _, err := os.Stat(filepath.Join(dir, "young")); err != nil {
		t.Errorf("a file whose writer has just begun: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, RefusedDir, "old")); err != nil {
		t.Fatal(err)
	}
	expect(0)
}
