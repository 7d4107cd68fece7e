package fax

import (
	"context"
	"testing"
	"time"

	"refloop/config"
	"refloop/internal/faxtest"
	"refloop/internal/mailtest"
)

func TestProbe(t *testing.T) {
	ctx := context.Background()
	ca := mailtest.NewAuthority(t)
	mail := mailWay(mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: ca.Server(t, "localhost", time.Now().Add(time.Hour))}), ca)
	_, web := newGateway(t)
	server := hyla(faxtest.NewHylaFAX(t).Address)
	for name, c := range map[string]RailConfig{"hylafax": server, "mail": mail, "http": web} {
		if target, err := c.Probe(ctx); target == "" || err != nil {
			t.Errorf("%s: got %q, %v, want it to answer", name, target, err)
		}
	}
	server.Hyla.Password, mail.Mail.Password, web.HTTP.URL = config.NewSecret("wrong"), config.NewSecret("wrong"), "https://127.0.0.1:1/faxes"
	for name, c := range map[string]RailConfig{"hylafax": server, "mail": mail, "http": web} {
		if target, err := c.Probe(ctx); target == "" || err == nil {
			t.Errorf("%s: got %q and no error, want one", name, target)
		}
	}
	if target, err := (RailConfig{Folder: "x"}).Probe(ctx); target != "" || err != nil {
		t.Errorf("folder: got %q, %v, want nothing to look at", target, err)
	}
	spool := queue(t)
	source := Config{Hyla: &HylaSource{Spool: config.Path(spool + "/nowhere")}}
	if _, err := source.Probe(ctx); err == nil {
		t.Error("without a queue: got no error, want one")
	}
	source.Hyla.Spool = config.Path(spool)
	if target, err := source.Probe(ctx); target != spool || err != nil {
		t.Errorf("got %q, %v, want it to answer", target, err)
	}
}
