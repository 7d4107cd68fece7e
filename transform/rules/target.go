package rules

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"refloop/referral"
)

// Targets are the fields that a set may give a value, besides extra.<name>. Each takes text, part2 takes true or false.
func Targets() []string {
	return []string{"specialty", "priority", "reason", "service_code", "service_text", "recipient_partner", "recipient_npi",
		"confidentiality", "part2"}
}

// target is a checked name on the left of a set.
type target struct {
	name     string
	extra    string   // name after extra.
	partners []string // for recipient_partner
}

var extraName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func parseTarget(name string, partners []string) (target, error) {
	if extra, ok := strings.CutPrefix(name, "extra."); ok {
		if !extraName.MatchString(extra) {
			return target{}, fmt.Errorf("got %s after extra., want a name of small letters, digits and _", quote(extra))
		}
		return target{name: "extra", extra: extra}, nil
	}
	if !slices.Contains(Targets(), name) {
		return target{}, fmt.Errorf("got the unknown field %s, want one of %s, extra.<name>%s", quote(name), strings.Join(Targets(), ", "), suggestion(name, Targets()))
	}
	return target{name: name, partners: partners}, nil
}

func (t target) kind() reflect.Kind {
	if t.name == "part2" {
		return reflect.Bool
	}
	return reflect.String
}

// Reasons why a value is not taken. They never name the value: it came from a message.
var (
	errPriority        = errors.New("the value is none of routine, urgent, stat")
	errConfidentiality = errors.New("the value is none of N, R, V")
	errPartner         = errors.New("the value is not the id of a partner")
	errNPI             = errors.New("the value is not ten digits")
)

var tenDigits = regexp.MustCompile(`^[0-9]{10}$`)

// assign writes a value into r. Empty text leaves the field as it is. Confidentiality only ever becomes stricter, and part2 is never
// taken away: a rule cannot undo what a sender or a label said.
func (t target) assign(r *referral.Referral, value any) error {
	if on, ok := value.(bool); ok {
		if on && !r.Confidentiality.Part2 {
			r.Confidentiality.Part2, r.Confidentiality.Source = true, "rule"
		}
		return nil
	}
	text, _ := value.(string)
	if text == "" {
		return nil
	}
	switch t.name {
	case "specialty":
		r.Specialty = text
	case "reason":
		r.Reason = text
	case "service_code":
		r.Service.Code = text
	case "service_text":
		r.Service.Text = text
	case "priority":
		p := referral.Priority(text)
		if p != referral.Routine && p != referral.Urgent && p != referral.Stat {
			return errPriority
		}
		r.Priority = p
	case "recipient_partner":
		if t.partners != nil && !slices.Contains(t.partners, text) {
			return errPartner
		}
		r.Recipient.Partner = text
	case "recipient_npi":
		if !tenDigits.MatchString(text) {
			return errNPI
		}
		r.Recipient.NPI = text
	case "confidentiality":
		return stricter(&r.Confidentiality, text)
	case "extra":
		r.Extra = withExtra(r.Extra, referral.Extra{Key: t.extra, Value: text})
	}
	return nil
}

func stricter(c *referral.Confidentiality, code string) error {
	const order = "NRV"
	want := strings.Index(order, code)
	if want < 0 || len(code) != 1 {
		return errConfidentiality
	}
	if want > 0 && want > strings.Index(order, c.Code) {
		c.Code, c.Source = code, "rule"
	}
	return nil
}

// withExtra gives a new list: slices of a referral are never written in place.
func withExtra(list []referral.Extra, x referral.Extra) []referral.Extra {
	out := slices.Clone(list)
	if i := slices.IndexFunc(out, func(o referral.Extra) bool { return o.Key == x.Key }); i >= 0 {
		out[i] = x
		return out
	}
	return append(out, x)
}
