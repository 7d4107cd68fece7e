package console

import (
	"strings"

	"refloop/referral"
)

// isOver reports whether nothing more is owed: a hold of such a referral keeps nothing back any more.
func isOver(s referral.State) bool {
	return s == referral.StateClosed || s == referral.StateCancelled || s == referral.StateEnded
}

// withNext puts what to do next behind why the item was opened.
func withNext(note, next string) string {
	note = strings.TrimRight(note, ". ")
	if note == "" {
		return next
	}
	return note + ". " + next
}

// nextOfHold says how a hold is released.
func nextOfHold(id string, k referral.HoldKind) string {
	release := "refloop act " + id + " release --hold " + string(k) + " --reason CODE"
	switch k {
	case referral.HoldFaxReview:
		return "Next: look at the pages, then refloop act " + id + " verify (all is right as read), or verify --set - (corrections), or " + release
	case referral.HoldCompleteness:
		return "Next: give what is missing: refloop act " + id + " verify --set -, or " + release
	case referral.HoldCapacity:
		return "Next: refloop act " + id + " schedule when there is a place"
	case referral.HoldMatch:
		return "Next: find out whose papers they are, then refloop act " + id + " verify --set -, or " + release
	}
	return "Next: when there is a basis, " + release
}

// nextOfItem says what a person does about an item.
func nextOfItem(i referral.Incident) string {
	done := "then refloop worklist close " + i.ID + " --reason TEXT"
	switch i.Kind {
	case "tell_by_hand":
		return "Next: tell them by telephone or fax, then refloop act " + i.ReferralID + " fax-sent"
	case "delivery_dead", "notice_dead":
		return "Next: mend the cause, then refloop deliveries resend " + i.DeliveryID + ", or tell them by hand, " + done
	case "report_refused":
		return "Next: mend the cause (refloop explain " + i.ReferralID + "), then refloop deliveries resend " + i.DeliveryID
	case "misdirected":
		return "Next: tell the sender that it came to the wrong practice, and do with the pages what your rules say, " + done
	case "message_held", "message_failed":
		if next := nextOfFax(i); next != "" {
			return next
		}
		if strings.HasPrefix(i.Note, referral.NoteUntold) {
			return "Next: tell the sender what to mend and to send it again, " + done
		}
		return "Next: refloop explain " + i.MessageID + "; mend the configuration (a partner, a rule), SIGHUP, then refloop reprocess " + i.MessageID
	case "match_review", "anomaly.unknown_referral":
		return "Next: find the referral that message " + i.MessageID + " speaks of, do the same by refloop act, " + done
	case "anomaly.fax_reply_unclear", "anomaly.fax_question", "anomaly.fax_reply_late":
		return "Next: " + openPages(i.MessageID) + "; read what they wrote, ask by telephone when in doubt, and record it: refloop act " + i.ReferralID + " accept, or decline --reason CODE (grade C: our staff says that they said so), " + done
	case "anomaly.fax_wrong_number":
		return "Next: pages about a patient reached somebody else, which may be a breach: tell the privacy officer today; " + openPages(i.MessageID) + " is the page that came back; refloop deliveries --referral " + i.ReferralID + " says where it went; find the right number by telephone, then refloop act " + i.ReferralID + " resend, " + done
	case "anomaly.parts_differ":
		return "Next: see what contradicts what in refloop explain " + i.MessageID + ", ask the sender which is right, " + done
	case "anomaly.package_reused":
		return "Next: compare message " + i.MessageID + " with the earlier one of the same package number, ask the sender, " + done
	case "wrong_patient":
		return "Next: look whose papers they are, then refloop act " + i.ReferralID + " release --hold match_review --reason CODE"
	case "question":
		return "Next: refloop act " + i.ReferralID + " answer --note -, " + done
	case "cancel_crossed":
		return "Next: wait for the confirmation, or ask the recipient; it closes by itself when the cancellation is settled"
	case "redirected":
		return "Next: tell the former recipient that it is off, " + done
	case "report_after_end", "relay_lost":
		return "Next: see refloop show " + i.ReferralID + " and make sure that the clinician has the report, " + done
	case "partner_red":
		return "Next: ask the partner for a good certificate (refloop direct discover ADDRESS says what is wrong); it is used as soon as it is there"
	case "certificate_ends":
		return "Next: order or ask for the next certificate, put it in its place, then SIGHUP; it closes by itself when the old one is out of use"
	case "bundle_shrunk":
		return "Next: ask the publisher whether it is meant, then refloop direct bundles accept URL"
	case "bundle_stale":
		return "Next: see why it cannot be fetched (refloop direct bundles); it closes by itself"
	case "hisp_login":
		return "Next: ask the HISP for name and password, put them under direct.hisp, then SIGHUP; it closes by itself when a login is taken"
	case "mailbox_closed":
		return "Next: refloop doctor says what is wrong; it closes by itself when the mailbox can be read"
	case "frames_unreadable":
		return "Next: find out what speaks there (refloop messages --state refused has the first bytes and the peer), and mend it or refuse its address (allow), " + done
	case "batch_incomplete":
		return "Next: ask the sender whether its batch was whole, and for what is missing; messages that come again have no second effect, " + done
	case "mail_of_strangers":
		return "Next: refloop messages --state refused; if it is the gateway, add its address to mail.senders, SIGHUP, then refloop reprocess MESSAGE, " + done
	case "files_set_aside":
		return "Next: look at the files and their reasons, ask for what is missing, and take them out of the folder; it closes by itself"
	case "fax_number_blocked":
		partner, number, _ := strings.Cut(i.Key, "/")
		return "Next: two people find out the right number by telephone; is it this one, each says refloop partners verify-fax " + partner + " " + number + ", else put the right one into the configuration, " + done
	case "rail_unusable":
		return "Next: mend the rail's configuration (refloop check, refloop doctor), then SIGHUP"
	}
	if i.ReferralID != "" {
		return "Next: see refloop explain " + i.ReferralID + ", " + done
	}
	if i.MessageID != "" {
		return "Next: see refloop explain " + i.MessageID + ", " + done
	}
	return "Next: look into it, " + done
}

// nextOfFax says what to do with a fax that became no referral, by why it did not; empty when it is no fax.
func nextOfFax(i referral.Incident) string {
	act := "refloop act " + i.MessageID
	switch {
	case strings.HasPrefix(i.Note, "fax: it looks like"):
		return "Next: " + openPages(i.MessageID) + "; a referral all the same: " + act + " accept-as --kind referral (or imaging_order); papers of a known case: " + act + " split --pages PAGES --to REFERRAL; else " + act + " not-ours"
	case strings.HasPrefix(i.Note, "pages of several patients"), strings.HasPrefix(i.Note, "fax: its pages carry"), strings.HasPrefix(i.Note, "fax: a page carries"):
		return "Next: " + openPages(i.MessageID) + "; then " + act + " split --pages PAGES for each case (new cases, or --to REFERRAL), or not-ours"
	case strings.HasPrefix(i.Note, "fax:"):
		return "Next: nothing can be read from it: ask the sender to send it again (" + openPages(i.MessageID) + " is what came), then refloop worklist close " + i.ID + " --reason TEXT; when it is not for us: " + act + " not-ours"
	}
	return ""
}

// rawName is the file name in the command of openPages, until the content type of the message is known (nameRaw).
const rawName = "fax.raw"

// openPages is the command that writes what came with a message into a file.
func openPages(message string) string {
	return "refloop messages show " + message + " --raw > " + rawName
}

// nameRaw gives the file the ending that the content type of the message has.
func nameRaw(note, contentType string) string {
	ends := map[string]string{"image/tiff": ".tif", "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt", "message/rfc822": ".eml", "application/json": ".json"}
	kind, _, _ := strings.Cut(contentType, ";")
	end, ok := ends[strings.TrimSpace(kind)]
	if !ok {
		return note
	}
	return strings.ReplaceAll(note, "> "+rawName, "> fax"+end)
}
