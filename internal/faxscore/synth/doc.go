// Package synth makes synthetic faxes with their truth, to learn how well the reading carries over to forms it was never shown: own
// layouts, own label words, the same levels of damage as the development set (clean, fine, standard, bad). Everybody in them is
// invented; telephone numbers are of the range 555-01xx. The same seed gives the same faxes where the same fonts are installed.
//
// It is a tool of measuring and no part of the program. Nothing in the reading may know these layouts.
package synth
