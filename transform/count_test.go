//go:build !long

package transform

// generated is how many referrals of each kind of document the validator sees here; the build tag "long" makes it 200.
const generated = 6
