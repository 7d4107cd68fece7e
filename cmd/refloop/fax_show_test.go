package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"refloop/referral"
)

func TestCropOfAField(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 400, 300))
	g.SetGray(100, 60, color.Gray{Y: 200})
	for _, c := range []struct {
		place [4]int
		want  image.Point
	}{{[4]int{}, image.Pt(400, 300)}, {[4]int{100, 60, 50, 20}, image.Pt(98, 68)}, {[4]int{0, 0, 50, 20}, image.Pt(74, 44)}} {
		var b bytes.Buffer
		if err := writeCrop(&b, g, c.place); err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(&b)
		if err != nil || m.Bounds().Size() != c.want {
			t.Errorf("%v: got %v (%v), want %v", c.place, m.Bounds().Size(), err, c.want)
		}
	}
	if err := writeCrop(&bytes.Buffer{}, g, [4]int{900, 900, 5, 5}); err == nil {
		t.Error("a place beside the page: got no error, want one")
	}
}

func TestFieldToShow(t *testing.T) {
	r := referral.Referral{ID: "R1", Fields: []referral.Field{{Key: "patient_dob", Box: [5]int{2, 10, 20, 30, 40}}, {Key: "patient_sex"}}}
	if f, err := placedField(r, "patient_dob"); err != nil || f.Box[0] != 2 {
		t.Errorf("got %v, %v", f, err)
	}
	if _, err := placedField(r, "patient_sex"); err == nil || !strings.Contains(err.Error(), "want one of patient_dob") {
		t.Errorf("field without a place: got %v", err)
	}
	if _, err := placedField(referral.Referral{ID: "R1"}, "patient_dob"); err == nil || !strings.Contains(err.Error(), "read from a fax") {
		t.Errorf("no fields: got %v", err)
	}
	if _, err := faxPaper(referral.Referral{ID: "R1"}); err == nil {
		t.Error("no fax: got no error")
	}
}
