//go:build long

package main

import "testing"

func TestBrokenFaxesLong(t *testing.T) { brokenFaxes(t, 2000) }
