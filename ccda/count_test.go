//go:build !long

package ccda_test

// generatedPerType documents of each type go through the validator; the build tag "long" makes it 200.
const generatedPerType = 10
