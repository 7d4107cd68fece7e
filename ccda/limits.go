package ccda

import "errors"

// Limits bound what Read takes. A zero field means the default in brackets.
type Limits struct {
	Bytes    int // of the document [32 MiB]
	Depth    int // nested elements [100]
	Elements int // in the document [1,000,000]
	Entries  int // clinical statements [50,000]
	Inflated int // bytes of a compressed body [64 MiB]
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, 32<<20)
	set(&l.Depth, 100)
	set(&l.Elements, 1_000_000)
	set(&l.Entries, 50_000)
	set(&l.Inflated, 64<<20)
	return l
}

// Errors of Read that a caller may branch on.
var (
	ErrTooLarge = errors.New("ccda: reading: over a limit")
	ErrDoctype  = errors.New("ccda: reading: got a DOCTYPE, want none")
	ErrNotXML   = errors.New("ccda: reading: not well-formed XML")
	ErrNotCDA   = errors.New("ccda: reading: the root is not ClinicalDocument")
)
