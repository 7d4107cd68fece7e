package hl7

// Names of what was forgiven while reading, as [Warning.Name].
const (
	WarnBOM            = "byte_order_mark"  // a UTF-8 byte order mark before MSH
	WarnLeading        = "leading_space"    // white space before MSH
	WarnLF             = "lf_ends"          // segments ended with LF
	WarnCRLF           = "crlf_ends"        // segments ended with CR LF
	WarnContinued      = "continued_lines"  // lines that are no segment, taken as part of the one before
	WarnIndented       = "indented"         // blanks before a segment name, skipped
	WarnDelimiters     = "doubled_escape"   // MSH-2 with the escape character doubled
	WarnCharset        = "charset_fallback" // segments with bytes that do not fit the character set, read as Windows-1252
	WarnCharsetUnknown = "charset_unknown"  // MSH-18 names a set this package cannot decode; read as UTF-8 or Windows-1252
	WarnBatchCount     = "batch_count"      // BTS-1 or FTS-1 does not match what was there
	WarnBatchOpen      = "batch_open"       // FHS without FTS, or BHS without BTS
	WarnBatchOutside   = "outside_of_batch" // segments between a header and the first MSH, kept aside
)

// Warning is one kind of forgiveness and how often it was needed.
type Warning struct {
	Name  string // one of the Warn names
	Count int
}

// Warnings lists what was forgiven, in a fixed order; empty for a message by the book. It looks at the whole message: call it once.
func (m *Message) Warnings() []Warning {
	var out []Warning
	add := func(name string, n int) {
		if n > 0 {
			out = append(out, Warning{name, n})
		}
	}
	add(WarnBOM, m.notes.bom)
	add(WarnLeading, m.notes.leading)
	add(WarnLF, m.notes.lf)
	add(WarnCRLF, m.notes.crlf)
	add(WarnContinued, m.notes.continued)
	add(WarnIndented, m.notes.indented)
	add(WarnDelimiters, toInt(m.notes.doubled))
	add(WarnCharsetUnknown, toInt(m.notes.unknownCharset))
	bad := 0
	for i := range m.segs {
		if b := m.seg(i); !m.cs.fits(b) {
			bad++
		}
	}
	add(WarnCharset, bad)
	return out
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
