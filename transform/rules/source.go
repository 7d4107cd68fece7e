package rules

import "fmt"

// Place is a place in a configuration file or table. Line and Col count from 1, Col in characters.
type Place struct {
	File string
	Line int
	Col  int
}

// String gives file:line:col.
func (p Place) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Source is an expression as it stands in a file. The zero value is no expression.
type Source struct {
	Key  string                // full name for messages: channels[ehr-orders].when
	Text string                // the expression
	At   func(index int) Place // place of the character with this index of Text, from 0; nil: not known
}

func (s Source) place(index int) Place {
	if s.At == nil {
		return Place{}
	}
	return s.At(index)
}

// Assign is one line of a set.
type Assign struct {
	Target string
	Place  Place // of the target's name
	Source Source
}

// Mistake is something wrong with a rule or table, found at load. Text is in the form `got X, want Y`.
type Mistake struct {
	Place
	Key  string
	Text string
}

// String gives file:line:col: key: text.
func (m Mistake) String() string { return m.Place.String() + ": " + m.Key + ": " + m.Text }

// Error is a rule that failed on a message or referral. It names the rule and the kind of failure, never what the message said.
type Error struct {
	Place  Place  // where in the configuration
	Key    string // channels[ehr-orders].set.priority
	Reason string // plain words without patient data
}

// Error gives one line for people.
func (e *Error) Error() string { return fmt.Sprintf("rules: %s (%s): %s", e.Key, e.Place, e.Reason) }

// failure carries a reason that is safe to show out of the virtual machine.
type failure string

func (f failure) Error() string { return string(f) }
