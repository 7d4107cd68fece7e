package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"refloop/internal/load"
)

type options struct {
	binary, folder, profile string
	length, floorLength     time.Duration
	conns                   int
	bar                     float64
}

// bench runs the floor and the daemon one after the other on the same disk and prints both.
func bench(ctx context.Context, o options) error {
	if o.folder == "" {
		dir, err := os.MkdirTemp("", "refloop-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.folder = dir
	}
	fmt.Printf("conditions: %d cores, %s, load average %s, folder on the disk of %s\n", runtime.NumCPU(), runtime.Version(), loadAverage(), filepath.Dir(o.folder))
	fmt.Printf("messages:   REF^I12 of %d bytes, each another referral, %d connections, the load generator and the receiver of deliveries on the same cores\n\n", len(load.Referral("b", 1)), o.conns)
	before, err := floor(ctx, o, "before")
	if err != nil {
		return err
	}
	took, err := daemon(ctx, o)
	if err != nil {
		return err
	}
	after, err := floor(ctx, o, "after")
	if err != nil {
		return err
	}
	rate := (before.Rate() + after.Rate()) / 2
	fmt.Printf("\nratio:      %.2f of the floor (%.0f of %.0f messages/s); load average now %s\n", took.Rate()/rate, took.Rate(), rate, loadAverage())
	if took.Rate() < o.bar {
		return fmt.Errorf("bench: got %.0f messages/s, want at least %.0f", took.Rate(), o.bar)
	}
	return nil
}

// floor measures the bare receiver.
func floor(ctx context.Context, o options, when string) (load.Result, error) {
	p, err := startFloor(o.folder)
	if err != nil {
		return load.Result{}, err
	}
	defer p.kill()
	r := load.Run(ctx, load.Config{Address: p.address, Run: "f", Conns: o.conns, For: o.floorLength})
	if r.Err != nil && ctx.Err() == nil {
		return r, r.Err
	}
	cpu, err := p.cpu()
	if err != nil {
		return r, err
	}
	fmt.Printf("floor:      %6.0f messages/s (%s; MLLP, append, group fdatasync), median %s, p99 %s, %s CPU a message\n", r.Rate(), when,
		r.Median.Round(10*time.Microsecond), r.P99.Round(10*time.Microsecond), per(cpu, r.Acked))
	return r, nil
}

// settle is how long deliveries are counted after the last message.
const settle = 5 * time.Second

// daemon measures refloop, then waits a while to see that deliveries go on.
func daemon(ctx context.Context, o options) (load.Result, error) {
	sink, err := load.NewSink("127.0.0.1:0")
	if err != nil {
		return load.Result{}, err
	}
	defer sink.Close()
	p, err := startDaemon(ctx, o, sink.Address())
	if err != nil {
		return load.Result{}, err
	}
	defer p.kill()
	warm := load.Run(ctx, load.Config{Address: p.address, Run: "w", Conns: o.conns, For: time.Second})
	if warm.Err != nil {
		return warm, errors.Join(warm.Err, p.stderr())
	}
	cpu0, _ := p.cpu()
	own0 := ownCPU()
	rss0 := p.memory()
	_, sent0, _ := sink.Arrived()
	r := load.Run(ctx, load.Config{Address: p.address, Run: "b", Conns: o.conns, For: o.length})
	cpu1, err := p.cpu()
	if err = errors.Join(r.Err, err); err != nil && ctx.Err() == nil {
		return r, errors.Join(err, p.stderr())
	}
	own1 := ownCPU()
	_, sent1, _ := sink.Arrived()
	rss1 := p.memory()
	fmt.Printf("refloop:    %6.0f messages/s acknowledged over %s, median %s, p99 %s, %s CPU a message, synchronous=FULL\n", r.Rate(), r.Took.Round(time.Second),
		r.Median.Round(10*time.Microsecond), r.P99.Round(10*time.Microsecond), per(cpu1-cpu0, r.Acked))
	fmt.Printf("generator:  %s CPU a message, receiver of deliveries included\n", per(own1-own0, r.Acked))
	fmt.Printf("deliveries: %6.0f a second meanwhile", float64(sent1-sent0)/r.Took.Seconds())
	select {
	case <-ctx.Done():
	case <-time.After(settle):
	}
	_, sent2, _ := sink.Arrived()
	fmt.Printf(", %.0f a second in the %s after it\n", float64(sent2-sent1)/settle.Seconds(), settle)
	fmt.Printf("memory:     resident %d MiB after the warm-up, %d MiB after %d messages more, %d MiB 5 s later\n", rss0>>20, rss1>>20, r.Acked, p.memory()>>20)
	return r, nil
}

// ownCPU is what this process has used, user and system.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func per(cpu time.Duration, n int) string {
	if n == 0 {
		return "no"
	}
	return (cpu / time.Duration(n)).Round(time.Microsecond).String()
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
