//go:build long

package direct

import "testing"

// TestManyMutants is TestMutants for as many messages as the issue asks.
func TestManyMutants(t *testing.T) { mutate(t, 12_000) }
