//go:build !long

package transform

// generated is how many referrals of each kind of document the validator sees here; the build tag "long" makes it 200.
const generated = 6

// propertyChecks drawn referrals go through a property test; the build tag "long" makes it 1000, the flag -rapid.checks any number.
const propertyChecks = "40"

// everyPair says whether papers are drawn of each message in each role, or of each message and each role once.
const everyPair = false
