// Command cmd measures how many referrals a second refloop takes: it starts a daemon, sends REF^I12 messages of 5 kB by MLLP on several
// connections, each another referral, and prints the rate beside the floor of the same run. scripts/bench.sh calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "floor" {
		exit(serveFloor(os.Args[2], os.Args[3]))
	}
	if len(os.Args) > 1 && os.Args[1] == "node" {
		exit(serveNode(os.Args[2], os.Args[3], os.Args[4]))
	}
	var o options
	flag.StringVar(&o.binary, "refloop", "bin/refloop", "the daemon's binary; empty: engine, store and MLLP server in a process of this program")
	flag.StringVar(&o.folder, "folder", "", "where the databases go; empty: a temporary folder")
	flag.DurationVar(&o.length, "for", 20*time.Second, "how long to send to the daemon")
	flag.DurationVar(&o.floorLength, "floor", 5*time.Second, "how long to send to the floor")
	flag.IntVar(&o.conns, "conns", 16, "connections")
	flag.Float64Var(&o.bar, "bar", 0, "least rate in messages a second; under it the command fails")
	flag.StringVar(&o.profile, "profile", "", "with -refloop='': write a CPU profile of the daemon there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	exit(bench(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
