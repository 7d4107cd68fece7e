package direct

import (
	"testing"

	"refloop/channels"
	"refloop/direct"
)

// What each disposition proves (direct.md section 6).
func TestReceipts(t *testing.T) {
	for name, tc := range map[string]struct {
		n     direct.Notification
		level string // empty: proves nothing
		kind  string
	}{
		"processed":            {direct.Notification{Disposition: "processed"}, channels.LevelTransport, TypeProcessed},
		"processed with error": {direct.Notification{Disposition: "processed", Modifier: "error"}, channels.LevelFailed, TypeFailed},
		"dispatched":           {direct.Notification{Disposition: "dispatched", Final: true}, channels.LevelDelivered, TypeDispatched},
		"dispatched, no field": {direct.Notification{Disposition: "dispatched"}, channels.LevelTransport, TypeDispatched},
		"displayed":            {direct.Notification{Disposition: "displayed"}, channels.LevelRead, TypeProcessed},
		"failed":               {direct.Notification{Disposition: "failed"}, channels.LevelFailed, TypeFailed},
		"denied":               {direct.Notification{Disposition: "denied"}, channels.LevelFailed, TypeFailed},
		"deleted with error":   {direct.Notification{Disposition: "deleted", Modifier: "error"}, channels.LevelFailed, TypeFailed},
		"missing":              {direct.Notification{}, "", TypeProcessed},
		"unknown word":         {direct.Notification{Disposition: "pondered"}, "", TypeFailed},
	} {
		r, ok := receiptOf(tc.n)
		if ok != (tc.level != "") || r.Level != tc.level || r.Permanent != (tc.level == channels.LevelFailed) {
			t.Errorf("%s: got %+v %v", name, r, ok)
		}
		if got := notificationType(tc.n); got != tc.kind {
			t.Errorf("%s: got %s", name, got)
		}
	}
}
