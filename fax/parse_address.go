package fax

import (
	"regexp"
	"slices"
	"strings"
)

var cityLine = regexp.MustCompile(`^[,\s]*([A-Za-z][A-Za-z .'-]*?)[,.;]?\s+([A-Za-z][A-Za-z!1|])[.,]?\s*(\d{5})(?:-\d{4})?`)

// parseAddress reads "street, city, ST 12345", or the part of it that stands
// behind its own label.
func parseAddress(key string, words []Word) []candidate {
	switch key {
	case "patient_city":
		if t := strings.Trim(text(words), " ,."); len(words) <= 3 && !strings.ContainsAny(t, "0123456789:") {
			return []candidate{found(key, proper(t), words)}
		}
		return parseCityLine(words)
	case "patient_state":
		if t := strings.ToUpper(strings.Trim(words[0].Text, " ,.")); len(t) == 2 && isState(t) {
			return []candidate{found(key, t, words[:1])}
		}
		return nil
	case "patient_zip":
		if t := digitFix(words[0].Text); len(t) >= 5 && allDigits(t[:5]) && (len(t) == 5 || t[5] == '-') {
			return []candidate{found(key, t[:5], words[:1])}
		}
		return nil
	case "patient_csz":
		return parseCityLine(words)
	}
	if !strings.ContainsAny(words[0].Text, "0123456789") && !strings.HasPrefix(strings.ToLower(words[0].Text), "po") && !strings.HasPrefix(strings.ToLower(words[0].Text), "p.o") {
		return nil
	}
	cut := streetEnd(words)
	street := strings.Trim(text(words[:cut]), " ,.;")
	if strings.HasSuffix(street, " PI") || strings.HasSuffix(street, " P1") {
		street = street[:len(street)-1] + "l" // Place
	}
	out := []candidate{found("patient_address", street, words[:cut])}
	return append(out, parseCityLine(words[cut:])...)
}

var streetWords = []string{"st", "street", "ave", "avenue", "rd", "road", "ln", "lane", "dr", "drive", "blvd", "boulevard", "ct", "court", "way", "pl", "pi", "p1", "place", "ter", "terrace", "pkwy", "parkway", "cir", "circle", "hwy", "highway", "trl", "trail", "loop", "sq", "square", "row", "pike"}

// streetEnd is the number of words of the street line: up to its comma, or to
// the word after the kind of street, a flat number included.
func streetEnd(words []Word) int {
	end := len(words)
	for i, w := range words {
		t := strings.ToLower(strings.Trim(w.Text, ",.;"))
		if i >= 2 && slices.Contains(streetWords, t) {
			end = i + 1
			if end < len(words) && slices.Contains([]string{"apt", "unit", "ste", "suite", "#", "lot", "bldg", "fl"}, strings.ToLower(strings.Trim(words[end].Text, ".,"))) {
				end = min(len(words), end+2)
			}
			break
		}
		if i >= 1 && strings.HasSuffix(w.Text, ",") {
			end = i + 1
			if i+1 < len(words) && slices.Contains([]string{"apt", "unit", "ste", "suite", "#"}, strings.ToLower(strings.Trim(words[i+1].Text, ".,"))) {
				end = min(len(words), i+3)
			}
			break
		}
	}
	return end
}

func parseCityLine(words []Word) []candidate {
	j := join(words)
	m := cityLine.FindStringSubmatchIndex(j.text)
	if m == nil {
		return nil
	}
	state, zip := mendState(strings.ToUpper(j.text[m[4]:m[5]]), j.text[m[6]:m[7]]), j.text[m[6]:m[7]]
	if !isState(state) {
		return nil
	}
	city := strings.Trim(j.text[m[2]:m[3]], " ,.")
	out := []candidate{found("patient_city", proper(city), j.span(m[2], m[3])), found("patient_state", state, j.span(m[4], m[5])), found("patient_zip", zip, j.span(m[6], m[7]))}
	for i := range out {
		if !stateAgrees(state, zip) {
			out[i].label = 0.6
		}
	}
	return out
}

// mendState undoes a misread I (Ml, M!, lN) when the ZIP code says so.
func mendState(state, zip string) string {
	for _, s := range []string{state[:1] + "I", "I" + state[1:]} {
		if !isState(state) && stateAgrees(s, zip) {
			return s
		}
	}
	return state
}

func isState(s string) bool {
	for _, list := range stateZIP {
		if slices.Contains(strings.Fields(list), s) {
			return true
		}
	}
	return false
}
