//go:build long

package engine_test

import "testing"

// 2,000 messages on 8 connections, killed nine times.
func TestKillNineLong(t *testing.T) { killNine(t, 2000, 9) }
