package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// demo is one run of `refloop demo`.
type demo struct {
	ctx   context.Context
	out   io.Writer
	self  string // this program
	dir   string // where the sites live
	faxes string // folder with the faxes of the practice
	ports demoPorts

	hospital, specialist, practice *demoSite

	ehr   *demoEHR
	loops []*demoLoop
	fails []string
}

// demoLoop is one referral of the demo and what must become of it.
type demoLoop struct {
	title  string
	placer string    // the EHR's number; empty: it came on paper
	site   *demoSite // where its timeline is shown
	id     string    // referral ID at that site
	want   string    // the state it must end in
	proof  string    // what the summary says
}

func demoCommand() *cobra.Command {
	var dir, faxes string
	var keep bool
	c := &cobra.Command{
		Use: "demo", Short: "close real loops on this machine: a hospital, a specialist and a fax practice, each a daemon of its own", Args: cobra.NoArgs,
		Long: "Runs three `refloop serve` processes on loopback and a stand-in for the hospital's EHR, sends referrals through them, prints each\n" +
			"timeline and a summary, and exits 0 only when every loop ended as it must. The sites stay in the folder for a look.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), dir, faxes, keep)
		},
	}
	c.Flags().StringVar(&dir, "dir", "demo-out", "folder for the sites; emptied first when a demo made it")
	c.Flags().StringVar(&faxes, "faxes", "testdata/fax", "folder with d-029.tif (two pages) and d-019.pdf (images only)")
	c.Flags().BoolVar(&keep, "keep", false, "leave the daemons up until interrupted")
	return c
}

func runDemo(ctx context.Context, out io.Writer, dir, faxes string, keep bool) error {
	began := time.Now()
	d, err := newDemo(ctx, out, dir, faxes)
	if err != nil {
		return err
	}
	err = d.play()
	if err == nil {
		err = d.timelines()
	}
	if err == nil {
		d.summary(time.Since(began))
		if len(d.fails) > 0 {
			err = fmt.Errorf("demo: %d of the loops did not end as they must:\n  %s", len(d.fails), strings.Join(d.fails, "\n  "))
		}
	}
	if keep && err == nil {
		d.wait()
	}
	return errors.Join(err, d.close())
}

func newDemo(ctx context.Context, out io.Writer, dir, faxes string) (*demo, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	d := &demo{ctx: ctx, out: out, self: self, dir: dir, faxes: faxes}
	if err := freshFolder(dir); err != nil {
		return nil, err
	}
	if d.ports, err = freePorts(); err != nil {
		return nil, err
	}
	sites, err := writeSites(dir, d.ports)
	if err != nil {
		return nil, err
	}
	d.hospital, d.specialist, d.practice = sites[0], sites[1], sites[2]
	d.ehr, err = openEHR(d.ports.EHR, "700411", "700522", "700633", "700744")
	return d, err
}

// play starts the daemons and lives through the loops.
func (d *demo) play() error {
	for _, s := range []*demoSite{d.hospital, d.specialist, d.practice} {
		if err := s.start(d.ctx, d.self); err != nil {
			return err
		}
		fmt.Fprintf(d.out, "started  %-11s %s\n", s.name, s.title)
	}
	fmt.Fprintln(d.out)
	for _, step := range []func() error{d.dropFaxes, d.sendOrders, d.consult, d.reports, d.faxOut, d.readFaxes} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// wait keeps the daemons up until ^C.
func (d *demo) wait() {
	fmt.Fprintf(d.out, "\nThe daemons stay up. Look around, for example:\n  cd %s && %s referrals\nStop with ^C.\n", d.hospital.dir, d.self)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
}

// close stops everything that runs.
func (d *demo) close() error {
	var err error
	for _, s := range []*demoSite{d.practice, d.specialist, d.hospital} {
		if s != nil {
			err = errors.Join(err, s.stop())
		}
	}
	if d.ehr != nil {
		err = errors.Join(err, d.ehr.close())
	}
	return err
}

// say prints one step.
func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// check records what is not as it must be.
func (d *demo) check(ok bool, format string, args ...any) {
	if !ok {
		d.fails = append(d.fails, fmt.Sprintf(format, args...))
	}
}
