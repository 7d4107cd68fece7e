//go:build long

package transform

// generated is how many referrals of each kind of document the validator sees.
const generated = 200
