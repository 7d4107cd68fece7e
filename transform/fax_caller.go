package transform

import (
	"strings"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// faxSender weighs who sent a fax. What the paper says of its sender counts as it always did; the calling number is a second witness, and
// what the sender's machine calls itself a hint. Caller and station can be typed in by anybody: neither decides alone, and a caller that is
// another partner than the paper's makes doubt, which a person settles.
func faxSender(s Source, printed referral.Party) (from Partner, known bool, doubt string) {
	attrs := faxAttrs(s)
	paper, named := s.Directory.ByFax(printed.Fax)
	caller, called := s.Directory.ByFax(attrs["caller"])
	switch {
	case named && called && paper.ID != caller.ID:
		return Partner{}, false, "the paper names " + paper.ID + " as its sender and the call came from the number of " + caller.ID
	case named:
		return paper, true, ""
	case called && witnessed(s, caller, printed, attrs["station"]):
		return caller, true, ""
	}
	return Partner{}, false, ""
}

// witnessed reports whether something besides the calling number speaks for a partner: an NPI or the name on the paper, or the station.
func witnessed(s Source, p Partner, printed referral.Party, station string) bool {
	for _, npi := range []string{printed.NPI, printed.OrgNPI} {
		if by, ok := s.Directory.ByNPI(npi); ok {
			return by.ID == p.ID
		}
	}
	if by, ok := s.Directory.ByFax(station); ok && by.ID == p.ID {
		return true
	}
	for _, name := range []string{printed.Organization, station} {
		if len(name) >= 8 && strings.EqualFold(strings.TrimSpace(name), p.Name) {
			return true
		}
	}
	return false
}

// faxAttrs are the facts about a fax that are not on its pages.
func faxAttrs(s Source) map[string]string {
	if p := partOf(s.Opened.Parts, channels.KindFields); p != nil {
		return p.Attrs
	}
	return nil
}

// faxDoubts are the reasons besides its fields why a person must look at a fax: who sent it, and pages that may be missing.
func faxDoubts(s Source, sender string) []referral.Hold {
	var out []referral.Hold
	for _, reason := range []string{sender, faxAttrs(s)["partial"]} {
		if reason != "" {
			out = append(out, referral.Hold{Kind: referral.HoldFaxReview, Reason: reason, Owner: "front desk", Since: s.Message.ReceivedAt})
		}
	}
	return out
}

// replyWithin is how long a page of ours that comes back counts as an answer.
func replyWithin(s Source) time.Duration {
	d, err := time.ParseDuration(faxAttrs(s)["reply_expires"])
	if err != nil {
		return 0
	}
	return d
}
