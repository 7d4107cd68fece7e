//go:build !long

package ccda_test

// generatedPerType documents of each type go through the validator; the build tag "long" makes it 200.
const generatedPerType = 10

// propertyChecks drawn documents of each type go through a property test; the build tag "long" makes it 1000, the flag -rapid.checks any number.
const propertyChecks = "25"
