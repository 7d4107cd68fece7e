package fax

import "strings"

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// parseIdentifier takes the first word with a digit, and what follows when
// the number is printed in groups.
func parseIdentifier(key string, words []Word) []candidate {
	for i, w := range words[:min(len(words), 3)] {
		t := strings.Trim(w.Text, ".,;:()#[]'’`*")
		switch strings.ToLower(t) {
		case "n/a", "na", "none", "unknown", "pending", "not", "self":
			return nil
		}
		if !strings.ContainsAny(t, "0123456789") || lettersDigits(t) < 3 {
			if i == 0 && (strings.EqualFold(t, "ref") || strings.EqualFold(t, "no") || t == "" || len(t) <= 4 && strings.ToUpper(t) == t) {
				continue
			}
			return nil
		}
		if strings.Count(t, "/") == 2 || phoneShape.MatchString(t) && key != "member_id" {
			return nil
		}
		from, to := i, i+1
		if strings.HasSuffix(t, "-") && to < len(words) && strings.ContainsAny(words[to].Text[:1], "0123456789") {
			t += strings.Trim(words[to].Text, ".,;:()")
			to++
		}
		if i > 0 && key == "referral_id" && strings.EqualFold(strings.Trim(words[0].Text, "#:."), "ref") {
			t = "REF" + t
			from = 0
		}
		for to < len(words) && to < i+3 && key != "referral_id" && groupOf(words[to].Text) && groupOf(t) {
			t += words[to].Text
			to++
		}
		c := found(key, t, words[from:to])
		if key == "member_id" && ValidMBI(strings.ToUpper(strings.ReplaceAll(t, "-", ""))) {
			c.words = min(1, c.words*0.8+0.2)
		}
		return []candidate{c}
	}
	return nil
}

// groupOf tells whether a word is one group of a number printed in groups.
func groupOf(s string) bool { return len(s) >= 2 && len(s) <= 5 && allDigits(strings.Trim(s, "-")) }

func parsePayer(words []Word) []candidate {
	end := len(words)
	var out []candidate
	for i, w := range words {
		if i > 0 && (strings.HasSuffix(words[i-1].Text, ":") || strings.HasSuffix(words[i-1].Text, ",") || strings.HasSuffix(words[i-1].Text, ";")) || i > 0 && lettersDigits(w.Text) >= 6 && strings.ContainsAny(w.Text, "0123456789") {
			end = i
			out = append(out, parseIdentifier("member_id", words[i:])...)
			break
		}
	}
	t := strings.Trim(text(words[:end]), " ,;:.-")
	if lettersDigits(t) < 3 || end > 8 || strings.EqualFold(t, "n/a") || strings.EqualFold(t, "none") || !upperStart(words[0].Text) {
		return nil
	}
	return append([]candidate{found("payer_name", t, words[:end])}, out...)
}

func parseCPT(j joined, label float64) []candidate {
	var codes []string
	var used []Word
	s := j.text
	for _, m := range cptShape.FindAllStringSubmatchIndex(strings.NewReplacer("(", " ", ")", " ", "[", " ", "]", " ").Replace(s), 12) {
		codes = append(codes, s[m[2]:m[3]])
		used = append(used, j.span(m[2], m[3])...)
	}
	if len(codes) == 0 {
		return nil
	}
	c := foundList("cpt_codes", codes, used)
	c.label = label
	return []candidate{c}
}
