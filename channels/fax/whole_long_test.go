//go:build long

package fax

import "testing"

// TestWholePages does with whole pages of samples what the short tests do with strips: packing, reading, pages that come back.
func TestWholePages(t *testing.T) {
	t.Run("pack", func(t *testing.T) { testPack(t, fixture(t, "d-030.tif"), fixture(t, "d-055.pdf")) })
	t.Run("prepare", func(t *testing.T) {
		testPrepare(t, map[string]sentFax{"d-030.tif": {fixture(t, "d-030.tif"), "2", ""}})
	})
	t.Run("returned", func(t *testing.T) {
		drawn, err := drawReply()
		if err != nil {
			t.Fatal(err)
		}
		testReturned(t, drawn[0])
	})
}
