package gateway

import "strings"

// Names that gateways give to the same fact, without case, underscores and hyphens; the first that is there counts.
var (
	nameID        = []string{"faxid", "id", "faxdetailsid", "messageid", "transactionid", "jobid"}
	nameReference = []string{"reference", "clientreference", "clientstate", "externalid", "customid", "tag", "idempotencykey"}
	nameFrom      = []string{"from", "fromnumber", "callerid", "caller", "ani", "sender", "sendernumber", "callernumber"}
	nameStation   = []string{"remotecsid", "remoteid", "csid", "tsi", "stationid", "remotestationid"}
	nameTo        = []string{"to", "tonumber", "called", "calledid", "dnis", "recipient", "destination"}
	namePages     = []string{"pagecount", "pages", "numpages", "numberofpages", "pagessent", "successfulpages"}
	nameStatus    = []string{"status", "faxstatus", "state", "receivestatus", "sentstatus", "result"}
	nameCause     = []string{"failurereason", "errorcode", "errortype", "error", "errormessage", "reason", "cause", "code"}
	nameFile      = []string{"file", "filecontent", "filecontents", "content", "document", "fax", "image", "attachment", "base64"}
	nameURL       = []string{"mediaurl", "fileurl", "documenturl", "url", "originalmediaurl", "downloadurl", "pdf"}
	nameEvent     = []string{"eventtype", "event", "type"}
	nameDirection = []string{"direction"}
	namePartial   = []string{"partialcontent", "partial"}
	nameFileName  = []string{"filename"}
)

// wrappers are the objects inside which gateways put the facts.
var wrappers = []string{"data", "payload", "fax", "message", "record", "result"}

func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(s))
}

// stateOf judges the word of a status. A word that says both is a failure; an unknown one means that it goes on.
func stateOf(word string) string {
	w := strings.ToLower(word)
	for _, bad := range []string{"fail", "error", "undeliver", "not deliver", "not sent", "unsuccess", "busy", "no answer", "no_answer", "cancel", "reject", "refus", "abort", "invalid", "expired", "partial"} {
		if strings.Contains(w, bad) {
			return Failed
		}
	}
	for _, good := range []string{"success", "delivered", "sent", "done", "complete", "ok"} {
		if strings.Contains(w, good) {
			return Done
		}
	}
	return Waiting
}

// Cause brings the words of a gateway for a failure to those of the fax rail: busy, no_answer, no_carrier, line_fault, invalid_number,
// not_a_fax, rejected, or the word itself, tidied.
func Cause(word string) string {
	w := strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(word))
	for _, c := range []struct{ has, cause string }{
		{"busy", "busy"}, {"no answer", "no_answer"}, {"not answer", "no_answer"}, {"unanswered", "no_answer"}, {"invalid number", "invalid_number"}, {"wrong number", "invalid_number"}, {"invalid destination", "invalid_number"},
		{"bad number", "invalid_number"}, {"unallocated", "invalid_number"}, {"unassigned", "invalid_number"}, {"disconnected number", "invalid_number"}, {"not a fax", "not_a_fax"}, {"no fax", "not_a_fax"}, {"voice", "not_a_fax"}, {"human", "not_a_fax"},
		{"no carrier", "no_carrier"}, {"reject", "rejected"}, {"refused", "rejected"}, {"blocked", "rejected"}, {"blacklist", "rejected"}, {"unsupported file", "bad_file"}, {"document conversion", "format_failed"},
		{"line fault", "line_fault"}, {"line error", "line_fault"}, {"line problem", "line_fault"}, {"line quality", "line_fault"}, {"negotiat", "line_fault"}, {"communication", "line_fault"}, {"call dropped", "line_fault"}, {"protocol", "line_fault"}, {"timeout", "line_fault"}, {"timed out", "line_fault"},
	} {
		if strings.Contains(w, c.has) {
			return c.cause
		}
	}
	return Tidy(word)
}

const maxWord = 40

// Tidy keeps what may be shown and logged of a word: letters, digits and separators, at most 40 of them.
func Tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.', r == ':':
			return r
		case r == ' ':
			return '_'
		}
		return -1
	}, s)
	return s[:min(len(s), maxWord)]
}

// Number keeps of a telephone number what belongs to one; empty when it is none of 3 to 15 digits.
func Number(s string) string {
	var b strings.Builder
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -.()/\t", r):
		default:
			return ""
		}
	}
	if digits < 3 || digits > 15 {
		return ""
	}
	return b.String()
}

// text keeps a short printable text: a station's name of itself, a number of the gateway's.
func text(s string) string {
	const most = 64
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
