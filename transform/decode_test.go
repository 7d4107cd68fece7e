package transform

import (
	"testing"
)

// Every sample of the repository has its golden facts. The names of the files say what is odd about them.
func TestDecodeSamples(t *testing.T) {
	for name, body := range samples(t, "../testdata/hl7/*/*.hl7") {
		t.Run(name, func(t *testing.T) {
			golden(t, "decode/"+name+".json", shown(t, Decode(hl7Source(body, "northside-ehr"))))
		})
	}
}
