//go:build long

package transform

// generated is how many referrals of each kind of document the validator sees.
const generated = 200

// propertyChecks drawn referrals go through a property test.
const propertyChecks = "1000"

// everyPair says whether papers are drawn of each message in each role, or of each message and each role once.
const everyPair = true
