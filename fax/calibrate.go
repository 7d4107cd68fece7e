package fax

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// calibrationTable turns the evidence score of a field into how often fields with that score were exactly right on faxes whose truth is
// known; between the points it is a straight line. `faxscore calibrate -write` makes it, and shows how it holds on layouts it was not made
// from. It promises less than what was counted, because other forms will be worse.
//
//go:embed rules/calibration.json
var calibrationTable []byte

var calibration = sync.OnceValue(func() (points []struct{ Score, Right float64 }) {
	if err := json.Unmarshal(calibrationTable, &points); err != nil || len(points) < 2 {
		panic("fax: rules/calibration.json is broken") // the embedded file is part of the program; a test reads it
	}
	return points
})

// loss is taken off the score of fields that have no check of their own (a
// digit, a calendar, a list): two readings can make the same mistake in them.
// How much was counted with `faxscore calibrate`, which wants lists item by item and texts word by word: with these the worst mistake of
// each key stays under the review line. Medications and allergies pass it again since the lines of the form part the columns.
func loss(key string) float64 {
	switch key {
	case "reason":
		return 0.06
	case "payer_name":
		return 0.05
	case "medications":
		return 0.04
	case "patient_first", "patient_last":
		return 0.03
	case "allergies", "referring_practice", "referred_to_practice", "patient_address", "service_text", "diagnosis_text", "patient_middle":
		return 0.012
	}
	return 0
}

// Calibrated is the confidence of a field with a score, both 0..1.
func Calibrated(score float64) float64 {
	points := calibration()
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if score <= b.Score {
			return a.Right + (b.Right-a.Right)*(score-a.Score)/(b.Score-a.Score)
		}
	}
	return points[len(points)-1].Right
}
