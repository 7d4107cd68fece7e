//go:build long

package ccda_test

// generatedPerType documents of each type go through the validator.
const generatedPerType = 200

// propertyChecks drawn documents of each type go through a property test.
const propertyChecks = "1000"
