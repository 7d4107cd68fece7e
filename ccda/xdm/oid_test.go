package xdm_test

import (
	"testing"

	"refloop/ccda/xdm"
)

func TestOID(t *testing.T) {
	if got := xdm.OID("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"); got != "2.25.329800735698586629295641978511506172918" {
		t.Errorf("got %s", got) // the example of X.667
	}
	if xdm.OID("x") != "" {
		t.Error("not a UUID, but an OID")
	}
	p := request()
	p.Sets[0].UniqueID = xdm.NamedOID("delivery-1")
	if p.Sets[0].UniqueID != xdm.NamedOID("delivery-1") || p.Sets[0].UniqueID == xdm.NamedOID("delivery-2") {
		t.Error("not a function of the name")
	}
	build(t, p)
	if xdm.CDAUniqueID("1.2", "3") != "1.2^3" || xdm.CDAUniqueID("1.2", "") != "1.2" {
		t.Error("unique id")
	}
}

func TestHL7Text(t *testing.T) {
	for _, c := range []struct {
		in   string
		want xdm.ID
	}{
		{"Z2004^^^&amp;1.2.840&amp;ISO", xdm.ID{Value: "Z2004", Authority: "1.2.840"}},
		{" 1^^^&1.2&ISO ", xdm.ID{Value: "1", Authority: "1.2"}},
		{"7^^^1.2", xdm.ID{Value: "7", Authority: "1.2"}},
		{"", xdm.ID{}},
		{(xdm.ID{Value: "a^b&c|d", Authority: "1.2"}).String(), xdm.ID{Value: "a^b&c|d", Authority: "1.2"}},
	} {
		if got := xdm.ParseID(c.in); got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.in, got, c.want)
		}
	}
	r := xdm.Recipient{Telecom: xdm.Internet("dr&x@direct.example")}
	if r.Direct() != "dr&x@direct.example" || (xdm.Recipient{}).Direct() != "" {
		t.Errorf("got %q", r.Direct())
	}
}
