package fax

// calibration turns the evidence score of a field into how often fields with
// that score were right on the development set (57 faxes, about 1,400 fields,
// looked at in two halves: the line of 0.95 was set where one half had no
// error, and held on the other). Between the points it is a straight line.
var calibration = []struct{ score, right float64 }{
	{0, 0.02}, {0.1, 0.3}, {0.3, 0.5}, {0.5, 0.72}, {0.8, 0.86}, {0.9, 0.93}, {0.92, 0.95}, {0.95, 0.97}, {1, 0.99},
}

// names and free text have no check of their own (a digit, a calendar, a
// list), so two readings can make the same mistake in them: they need more.
func unchecked(key string) bool {
	switch key {
	case "patient_first", "patient_last", "patient_middle", "payer_name", "patient_address", "service_text", "referring_practice", "referred_to_practice", "reason", "diagnosis_text":
		return true
	}
	return false
}

// uncheckedLoss is taken off the score of such fields.
const uncheckedLoss = 0.01

func calibrated(key string, score float64) float64 {
	if unchecked(key) {
		score -= uncheckedLoss
	}
	score = max(0, min(1, score))
	for i := 1; i < len(calibration); i++ {
		a, b := calibration[i-1], calibration[i]
		if score <= b.score {
			return a.right + (b.right-a.right)*(score-a.score)/(b.score-a.score)
		}
	}
	return calibration[len(calibration)-1].right
}
