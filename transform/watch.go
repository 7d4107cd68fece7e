package transform

import "refloop/hl7"

// Watch notes what decoding takes of a message, for a report about one message. The zero value is ready; it is for one Decode at a time.
type Watch struct {
	Reads   hl7.Reads // what was read of the HL7 message
	Lookups []Lookup  // what rules asked their tables, in order
}

// Lookup is one question to a look-up table.
type Lookup struct {
	Table, Key, Value string // Value is empty when the table has no row for the key
}

func (w *Watch) reads() *hl7.Reads {
	if w == nil {
		return nil
	}
	return &w.Reads
}

// looked takes the questions of rules; nil when nobody asks for them.
func (w *Watch) looked() func(table, key, value string) {
	if w == nil {
		return nil
	}
	return func(table, key, value string) { w.Lookups = append(w.Lookups, Lookup{table, key, value}) }
}
