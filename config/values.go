package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration written 30s, 1h30m, 400d or 2w (days are 24 hours). The zero value is no time at all.
type Duration time.Duration

// D gives the standard library's type.
func (d Duration) D() time.Duration { return time.Duration(d) }

// String gives the shortest form that ParseDuration reads: 400d, 1h30m0s.
func (d Duration) String() string {
	if day := 24 * time.Hour; d != 0 && time.Duration(d)%day == 0 {
		return strconv.FormatInt(int64(time.Duration(d)/day), 10) + "d"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

var errDuration = errors.New("want a duration such as 30s, 1h30m or 400d")

// ParseDuration reads what time.ParseDuration reads, and d (24 hours) and w (7 days) in front: 1d12h. A number without unit and a
// negative duration are refused.
func ParseDuration(s string) (Duration, error) {
	var total time.Duration
	rest := s
	for {
		i := strings.IndexAny(rest, "dw")
		if i < 0 {
			break
		}
		n, err := strconv.ParseUint(rest[:i], 10, 32)
		unit := 24 * time.Hour
		if rest[i] == 'w' {
			unit *= 7
		}
		if err != nil || n > uint64((math.MaxInt64-total)/unit) {
			return 0, errDuration
		}
		total += time.Duration(n) * unit
		rest = rest[i+1:]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || strings.ContainsAny(rest, "+-") || rest == "0" && s != "0" || d > math.MaxInt64-total {
			return 0, errDuration
		}
		total += d
	} else if s == "" {
		return 0, errDuration
	}
	return Duration(total), nil
}

// Size is a number of bytes written 512B, 64KiB, 8MiB or 2GiB (powers of 1024). The zero value is no bytes.
type Size int64

// String gives the shortest exact form.
func (s Size) String() string {
	n, unit := int64(s), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}

var errSize = errors.New("want a size such as 8MiB")

// ParseSize reads a whole number with one of the units B, KiB, MiB, GiB, TiB. A number without unit is refused, as is KB.
func ParseSize(s string) (Size, error) {
	units := []struct {
		name  string
		shift uint
	}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"B", 0}}
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 63)
		if err != nil || n > math.MaxInt64>>u.shift {
			return 0, errSize
		}
		return Size(n << u.shift), nil
	}
	return 0, errSize
}

// Date is a calendar day, written 2026-11-01. The zero value is no day.
type Date struct{ time.Time }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return errors.New("want a day such as 2026-11-01")
	}
	d.Time = t
	return nil
}

// MarshalText writes YYYY-MM-DD, nothing for no day.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String gives YYYY-MM-DD, nothing for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// Path is a file or folder name. Decode makes it relative to the configuration file's folder; an empty path stays empty.
type Path string

// Secret is a value that never prints: every way of formatting, JSON and slog give <secret>. The zero value is no secret.
type Secret struct {
	value string
	file  string
	set   bool
}

const hidden = "<secret>"

// NewSecret makes a secret of a value, for tests and for keys made at first start.
func NewSecret(value string) Secret { return Secret{value: value, set: value != ""} }

// Reveal gives the value. Of {file: path} it is the file's bytes without line ends at the end.
func (s Secret) Reveal() string { return s.value }

// Set reports whether there is a value. False also for a {file: path} that does not exist yet, which only demo: true allows.
func (s Secret) Set() bool { return s.set }

// File is the path of {file: path}, so that demo: true knows where to make it; empty for other secrets.
func (s Secret) File() string { return s.file }

// String gives <secret>, or nothing for no secret.
func (s Secret) String() string {
	if !s.set {
		return ""
	}
	return hidden
}

// Format keeps every verb of fmt from looking inside.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText serves JSON, YAML and XML writers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue serves slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
