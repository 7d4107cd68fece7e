package main

import (
	"errors"
	"flag"
	"fmt"

	"refloop/internal/faxscore/synth"
)

// generate makes synthetic faxes of other layouts than the development set has.
func generate(args []string) error {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "`number` that decides names and damage")
	per := flags.Int("per", 4, "`N` faxes a layout")
	held := flags.Bool("held", false, "only the layouts that came last")
	fonts := flags.String("fonts", "/usr/share/fonts", "`folder` with type faces")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("make: got no folder, want faxscore make [flags] DIR")
	}
	f, err := synth.LoadFonts(*fonts)
	if err != nil {
		return err
	}
	n, err := synth.Make(flags.Arg(0), *seed, *per, *held, f)
	if err == nil {
		fmt.Printf("%d faxes in %s\n", n, flags.Arg(0))
	}
	return err
}
