package audit_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"refloop/audit"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func chainOf(n int) []audit.Row {
	c := audit.New("node-a", key)
	head := c.Genesis()
	var rows []audit.Row
	for i := range n {
		r := c.Next(head, audit.Entry{
			At: time.Date(2026, 11, 23, 10, 0, i, 123456789, time.UTC), Actor: "user:anna", Action: "message.read",
			Object: fmt.Sprintf("m%d", i), Detail: "words",
		})
		rows = append(rows, r)
		head = r.Head()
	}
	return rows
}

func seq(rows []audit.Row) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestVerifyWhole(t *testing.T) {
	c := audit.New("node-a", key)
	for _, n := range []int{0, 1, 2, 50} {
		rows := chainOf(n)
		head, err := c.Verify(seq(rows))
		if err != nil || head.Seq != int64(n) {
			t.Fatalf("%d rows: got head %d, %v", n, head.Seq, err)
		}
		if err := c.VerifyHead(head, head, c.Seal(head)); err != nil {
			t.Fatalf("%d rows: head: %v", n, err)
		}
	}
}

func TestTombstonesKeepTheChain(t *testing.T) {
	rows := chainOf(9)
	c := audit.New("node-a", key)
	for _, i := range []int{0, 3, 8} {
		rows[i] = c.Tombstone(rows[i])
		if rows[i].Entry != (audit.Entry{}) {
			t.Fatalf("row %d keeps its entry", i)
		}
	}
	if _, err := c.Verify(seq(rows)); err != nil {
		t.Fatal(err)
	}
	forged := chainOf(9)
	forged[4].Purged, forged[4].Entry, forged[4].Content = true, audit.Entry{}, audit.Digest{}
	wantBroken(t, forged, 5)
}

func TestTimeIsCutToMicroseconds(t *testing.T) {
	r := chainOf(1)[0]
	if got, want := r.Entry.At.Nanosecond(), 123456000; got != want {
		t.Fatalf("got %d ns, want %d", got, want)
	}
}

func TestOtherKeyAndNode(t *testing.T) {
	rows := chainOf(2)
	if _, err := audit.New("node-a", []byte("another key")).Verify(seq(rows)); err == nil {
		t.Error("another key: want an error")
	}
	if _, err := audit.New("node-b", key).Verify(seq(rows)); err == nil {
		t.Error("another node: want an error")
	}
}

func TestVerifyStopsAtReadError(t *testing.T) {
	boom := errors.New("disk")
	rows := chainOf(3)
	_, err := audit.New("node-a", key).Verify(func(yield func(audit.Row, error) bool) {
		if yield(rows[0], nil) {
			yield(audit.Row{}, boom)
		}
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v, want the error of the iterator", err)
	}
}

func TestCutEndIsFound(t *testing.T) {
	rows := chainOf(6)
	c := audit.New("node-a", key)
	whole, err := c.Verify(seq(rows))
	if err != nil {
		t.Fatal(err)
	}
	cut, err := c.Verify(seq(rows[:4]))
	if err != nil {
		t.Fatal(err)
	}
	var broken *audit.BrokenError
	if err := c.VerifyHead(cut, whole, c.Seal(whole)); !errors.As(err, &broken) || broken.Seq != 5 {
		t.Fatalf("got %v, want broken at 5", err)
	}
	// Who cuts rows without the key cannot seal the shorter head.
	if err := c.VerifyHead(cut, cut, c.Seal(whole)); !errors.As(err, &broken) {
		t.Fatalf("got %v, want a broken seal", err)
	}
}

func wantBroken(t interface {
	Helper()
	Fatalf(string, ...any)
}, rows []audit.Row, at int64) {
	t.Helper()
	_, err := audit.New("node-a", key).Verify(seq(rows))
	var broken *audit.BrokenError
	if !errors.As(err, &broken) {
		t.Fatalf("got %v, want a broken chain", err)
	}
	if broken.Seq != at {
		t.Fatalf("got broken at %d, want %d: %v", broken.Seq, at, err)
	}
}

// Any change of one field of one row is found at that row.
func TestAnyChangeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := chainOf(8)
		i := rapid.IntRange(0, 7).Draw(t, "row")
		word := rapid.StringN(1, 12, -1).Draw(t, "word")
		r := &rows[i]
		switch rapid.IntRange(0, 6).Draw(t, "field") {
		case 0:
			r.Entry.At = r.Entry.At.Add(time.Duration(rapid.Int64Range(1, 1e6).Draw(t, "us")) * time.Microsecond)
		case 1:
			r.Entry.Actor += word
		case 2:
			r.Entry.Action = word + r.Entry.Action
		case 3:
			r.Entry.Object = strings.Repeat(word, 2)
		case 4: // the same letters, moved over the border of two fields
			r.Entry.Detail, r.Entry.Object = r.Entry.Object[1:]+r.Entry.Detail, r.Entry.Object[:1]
		case 5:
			r.Digest[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 6:
			r.Node += "x"
		}
		wantBroken(t, rows, int64(i+1))
	})
}

// Removing, swapping or doubling rows is found at the first one that is out of place.
func TestAnyOrderIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := chainOf(8)
		i := rapid.IntRange(0, 6).Draw(t, "i")
		j := rapid.IntRange(i+1, 7).Draw(t, "j")
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0: // removed from the middle
			rows = append(rows[:i:i], rows[i+1:]...)
		case 1: // swapped
			rows[i], rows[j] = rows[j], rows[i]
		case 2: // swapped and renumbered
			rows[i], rows[j] = rows[j], rows[i]
			rows[i].Seq, rows[j].Seq = rows[j].Seq, rows[i].Seq
		case 3: // doubled
			rows = append(rows[:i+1:i+1], rows[i:]...)
			i++
		}
		wantBroken(t, rows, int64(i+1))
	})
}
