package direct

import (
	"bytes"
	"reflect"
	"testing"

	"refloop/channels"
	"refloop/direct"
)

// What Prepare opened is what Open gets, once; the result is that of opening again.
func TestMemo(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	_, got := roundTrip(t, w.north.sender(srv, RailConfig{}), srv, shipment())
	_, plain := judgeAndOpen(t, w.lake, got)
	w.lake.agent.Memo = &Memo{}
	a, remembered := judgeAndOpen(t, w.lake, got)
	if !reflect.DeepEqual(plain, remembered) {
		t.Error("another result with a memo")
	}
	if m := w.lake.agent.Memo; len(m.items) != 0 || m.bytes != 0 || m.order.Len() != 0 {
		t.Errorf("kept after it was handed out: %d", len(m.items))
	}
	if again, err := w.lake.agent.Open(a); err != nil || !reflect.DeepEqual(plain, again) {
		t.Errorf("opened again: %v", err)
	}
}

func TestMemoLimits(t *testing.T) {
	m := &Memo{}
	mail := func(c byte, n int) channels.Archived {
		return channels.Archived{Recipient: north, Body: bytes.Repeat([]byte{c}, n)}
	}
	for c := range byte(10) {
		m.put(mail(c, memoOne), &direct.Opened{})
		m.put(mail(c, memoOne), &direct.Opened{})
	}
	if m.bytes > memoBytes || len(m.items) != memoBytes/memoOne || m.order.Len() != len(m.items) {
		t.Errorf("got %d bytes in %d mails", m.bytes, len(m.items))
	}
	if m.take(mail(0, memoOne)) != nil || m.take(mail(9, memoOne)) == nil || m.take(mail(9, memoOne)) != nil {
		t.Error("the oldest was kept, or one was handed out twice")
	}
	m.put(mail(1, memoOne+1), &direct.Opened{})
	if m.take(mail(1, memoOne+1)) != nil {
		t.Error("too large a mail was kept")
	}
	other := mail(8, memoOne)
	other.Recipient = lake
	if m.take(other) != nil {
		t.Error("handed out for another recipient")
	}
}
