package direct

import "slices"

// Check compares the SMTP envelope with the protected header: the envelope
// sender must be the protected From or Sender, the envelope recipient in the protected To or Cc.
// Addresses compare without case. A null sender (from == "") is right for notifications only.
// Errors: ErrTampered, ErrMalformed when there is not one From.
func (o *Opened) Check(from, to string) error {
	sender, ok := o.Mail.From()
	if !ok {
		return fail(ErrMalformed, "protected header", "want exactly one From address")
	}
	if from == "" {
		if o.Mail.Type != "multipart/report" {
			return fail(ErrTampered, "envelope sender", "got none for a message that is no notification")
		}
	} else if from, ok = Canonical(from); !ok || from != sender && !slices.Contains(o.Mail.Header.Addresses("Sender"), from) {
		return fail(ErrTampered, "envelope sender", "is not the protected From or Sender")
	}
	to, ok = Canonical(to)
	if !ok || !slices.Contains(o.Mail.Header.Addresses("To"), to) && !slices.Contains(o.Mail.Header.Addresses("Cc"), to) {
		return fail(ErrTampered, "envelope recipient", "is not in the protected To or Cc")
	}
	return nil
}
