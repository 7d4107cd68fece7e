package direct

import (
	"net/mail"
	"strings"
)

// maxAddress is the longest address taken (RFC 5321 section 4.5.3.1: 64 + 1 + 255 octets).
const maxAddress = 320

// Canonical returns a Direct address in the form used for comparing:
// without angle brackets and display name, in lower case. Direct addresses are
// compared without regard to case. ok is false for what is not one address with a domain.
func Canonical(s string) (address string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 2*maxAddress {
		return "", false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || len(a.Address) > maxAddress || !ascii(a.Address) {
		return "", false
	}
	address = strings.ToLower(a.Address)
	local, domain, found := cutLast(address, '@')
	return address, found && local != "" && domain != ""
}

// Domain returns the health domain name of a canonical address.
func Domain(address string) string {
	_, domain, _ := cutLast(address, '@')
	return domain
}

// Same reports whether two addresses are the same mailbox.
func Same(a, b string) bool {
	x, ok := Canonical(a)
	y, ok2 := Canonical(b)
	return ok && ok2 && x == y
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
