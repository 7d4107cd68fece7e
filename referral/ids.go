package referral

import "strings"

// Equal reports whether two identifiers are the same number of the same authority (loop.md section 2: the key is value and authority,
// never the value alone). Values are compared exactly but for space around them, authorities as Authority says. When neither has an
// authority they must be of the same kind; when only one has, they are not the same: see Compatible. Kinds of the same authority may
// differ, as the referral ID comes back as a placer number.
func (i Identifier) Equal(o Identifier) bool {
	v, w := strings.TrimSpace(i.Value), strings.TrimSpace(o.Value)
	if v == "" || v != w {
		return false
	}
	a, b := Authority(i.Authority), Authority(o.Authority)
	if a == "" && b == "" {
		return i.Kind == o.Kind || i.Kind == "" || o.Kind == ""
	}
	return a == b
}

// Compatible reports whether the values are the same and nothing known contradicts: authorities are equal or one is missing. It never
// correlates a message alone; a person or the patient must confirm.
func (i Identifier) Compatible(o Identifier) bool {
	v := strings.TrimSpace(i.Value)
	if v == "" || v != strings.TrimSpace(o.Value) || !sameKind(i, o) {
		return false
	}
	a, b := Authority(i.Authority), Authority(o.Authority)
	return a == "" || b == "" || a == b
}

// rival reports whether both are numbers of one authority and one kind and differ: a patient has one of them.
func (i Identifier) rival(o Identifier) bool {
	a, b := Authority(i.Authority), Authority(o.Authority)
	v, w := strings.TrimSpace(i.Value), strings.TrimSpace(o.Value)
	return a == b && sameKind(i, o) && v != "" && w != "" && v != w
}

// sameKind treats a missing kind as any.
func sameKind(i, o Identifier) bool { return i.Kind == o.Kind || i.Kind == "" || o.Kind == "" }

// Key is the identifier as look-ups compare it: authority as Authority gives it, a vertical bar, the value. Without an authority the
// kind stands in its place, in angle brackets. Two identifiers that are Equal have the same Key, but for two without authority of
// which one has no kind.
func (i Identifier) Key() string {
	a := Authority(i.Authority)
	if a == "" {
		a = "<" + i.Kind + ">"
	}
	return a + "|" + strings.TrimSpace(i.Value)
}

// Authority is an assigning authority as it is compared: without urn:oid: or urn:uuid:, a UUID in lower case, anything else as it is.
func Authority(s string) string {
	s = strings.TrimSpace(s)
	for _, p := range []string{"urn:oid:", "urn:uuid:"} {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			s = s[len(p):]
		}
	}
	if isUUID(s) {
		return strings.ToLower(s)
	}
	return s
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
