package direct

import "refloop/direct/cms"

// Limits bound what one message may cost. A zero field means its default.
type Limits struct {
	Bytes       int        // the message as it came; default 64 MiB
	Decoded     int        // all decoded parts together; default 128 MiB
	HeaderBytes int        // one header section; default 256 KiB
	Fields      int        // fields of one header section; default 1000
	Depth       int        // nested multiparts of the inner message; default 20
	Parts       int        // MIME parts of the inner message; default 500
	CMS         cms.Limits // of each signature and envelope
}

// Defaults of Limits.
const (
	DefaultBytes       = 64 << 20
	DefaultDecoded     = 128 << 20
	DefaultHeaderBytes = 256 << 10
	DefaultFields      = 1000
	DefaultDepth       = 20
	DefaultParts       = 500
)

func (l Limits) withDefaults() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Bytes, DefaultBytes)
	set(&l.Decoded, DefaultDecoded)
	set(&l.HeaderBytes, DefaultHeaderBytes)
	set(&l.Fields, DefaultFields)
	set(&l.Depth, DefaultDepth)
	set(&l.Parts, DefaultParts)
	return l
}
