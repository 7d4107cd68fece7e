package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"refloop/referral"
)

// ParseSet reads the JSON object of `--set -`: keys to texts. A field that holds a list (diagnosis_codes, diagnosis_text, cpt_codes,
// medications, allergies) also takes a JSON list of texts; in a text its items are parted by semicolons or lines.
func ParseSet(b []byte) (map[string]string, error) {
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, wrongInput("--set: got %d bytes that are not a JSON object, want {\"key\": \"value\"}", len(b))
	}
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		s, err := setValue(k, raw[k])
		if err != nil {
			return nil, wrongInput("--set: %s: %v", shownKey(k), err)
		}
		out[k] = s
	}
	return out, nil
}

// setValue is the text of one value; a list becomes one item a line.
func setValue(key string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []any:
		if !referral.ListField(key) {
			return "", errors.New("got a list, want one text")
		}
		var items []string
		for i, item := range v {
			s, ok := item.(string)
			if !ok || strings.ContainsAny(s, ";\n") {
				return "", fmt.Errorf("got an item %d that is no text, or holds a semicolon or a line's end; want a list of texts", i+1)
			}
			items = append(items, s)
		}
		return strings.Join(items, "\n"), nil
	}
	if referral.ListField(key) {
		return "", errors.New("got neither a text nor a list, want one of them")
	}
	return "", errors.New("got no text, want a value in quotes")
}

// shownKey names a key that the record knows, and another by its length: it may be a value in the wrong place.
func shownKey(k string) string {
	if _, ok := referral.FieldKey(k); ok {
		return k
	}
	return fmt.Sprintf("a key of %d characters", len(k))
}
