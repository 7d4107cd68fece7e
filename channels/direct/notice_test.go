package direct

import (
	"strings"
	"testing"

	"refloop/channels"
)

// A protected record says so in the mail, once, by the long statement.
func TestNoticeInTheMail(t *testing.T) {
	words := channels.Part{Kind: channels.KindText, Body: []byte("Referral 1\n" + Redisclosure + "\n")}
	for name, c := range map[string]struct {
		ship  channels.Shipment
		plain bool
		want  int
	}{
		"360X":                      {channels.Shipment{Restricted: true, Parts: []channels.Part{{Kind: channels.KindHL7}}}, false, 1},
		"documents alone":           {channels.Shipment{Restricted: true, Parts: []channels.Part{{Kind: channels.KindCDA}}}, true, 1},
		"words that say it already": {channels.Shipment{Restricted: true, Parts: []channels.Part{words}}, true, 1},
		"not protected":             {channels.Shipment{Parts: []channels.Part{{Kind: channels.KindCDA}}}, true, 0},
	} {
		if got := strings.Count(text(c.ship, c.plain), Redisclosure); got != c.want {
			t.Errorf("%s: got the statement %d times, want %d", name, got, c.want)
		}
		want := ""
		if c.ship.Restricted {
			want = Redisclosure
		}
		if got := notice(c.ship); got != want {
			t.Errorf("%s: the index says %q", name, got)
		}
	}
	if strings.Contains(Redisclosure, "\n") || !strings.HasPrefix(Redisclosure, "This record which has been disclosed") {
		t.Error("the notice is not Statement 1 in one paragraph")
	}
}
