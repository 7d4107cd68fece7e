// Package rules compiles and runs the expressions of the configuration: a channel's when (which messages count), set (values of the
// referral) and lookup (tables), and the when of routes. The language is github.com/expr-lang/expr 1.17 with its typed environment.
//
// Rules are written by people of the site and run on what outsiders send, so they are bounded before they run: length, nodes, depth
// of predicates, lengths of lists and texts, memory. They are pure: no clock, no network, no randomness, so that a message processed
// again with the configuration of its day gives the same facts. What a rule may see of a message is text; what it may change is
// the list of Targets.
//
// A mistake in a rule is a configuration error at its character in the file (Mistake). A rule that fails on a message gives an
// *Error, which never quotes the message, and the message goes to a person. Left out on purpose: let the rule send, reject or split.
package rules

// Limits of rules. Values over a limit are refused, not cut; only the lists of a referral show their first MaxList items.
const (
	MaxExpr       = 16 << 10 // bytes of one expression
	MaxNodes      = 1000     // nodes of its syntax tree
	MaxPredicates = 2        // predicates (any, filter, map ...) inside one another
	MaxList       = 500      // items of a range, of split, and of the lists of a referral
	MaxText       = 64 << 10 // bytes of a value of msg, and of what +, join and replace make
	MaxCalls      = 10_000   // calls of msg and lookup in one run
	MaxMemory     = 100_000  // list items and map entries that one run may make
	MaxSets       = 200      // lines of a set
	MaxRows       = 100_000  // rows of a look-up table
	MaxCell       = 1024     // bytes of a key or value in it
)
