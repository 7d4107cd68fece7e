package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ehrOrders are the EHR's messages, in the order they are sent.
func ehrOrders() []struct{ file, placer, title, want string } {
	return []struct{ file, placer, title, want string }{
		{"1-ref.hl7", "RF-20261", "REF^I12 to cardiology by Direct", "closed"},
		{"2-orm.hl7", "ORD-88201", "ORM^O01 to cardiology by Direct", "closed"},
		{"3-omg.hl7", "ORD-88314", "OMG^O19 to cardiology by Direct", "closed"},
		{"4-lab.hl7", "", "", ""},
		{"5-fax.hl7", "RF-20265", "REF^I12 to a partner with only a fax", "sent"},
	}
}

// dropFaxes puts the practice's faxes into its inbox, so that they are read while the rest goes on.
func (d *demo) dropFaxes() error {
	for _, name := range []string{"d-029.tif", "d-019.pdf"} {
		b, err := os.ReadFile(filepath.Join(d.faxes, name))
		if err != nil {
			return fmt.Errorf("demo: a fax for the practice: %w; run it where testdata/fax is, or give --faxes", err)
		}
		inbox := filepath.Join(d.practice.dir, "var", "fax-inbox")
		temp := filepath.Join(inbox, "."+name)
		if err := os.WriteFile(temp, b, 0o600); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		if err := os.Rename(temp, filepath.Join(inbox, name)); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		d.say("fax      %s dropped into the practice's inbox", name)
	}
	return nil
}

// sendOrders has the EHR send its messages: AA for each, and the lab order ignored by a named rule.
func (d *demo) sendOrders() error {
	for _, o := range ehrOrders() {
		b, err := demoFiles.ReadFile("demo/ehr/" + o.file)
		if err != nil {
			return err
		}
		code, err := d.ehr.send(d.ctx, d.ports.HospitalMLLP, []byte(strings.ReplaceAll(string(b), "\n", "\r")))
		if err != nil {
			return err
		}
		d.say("EHR      sent %-10s got %s", o.file, code)
		d.check(code == "AA", "%s: got %s, want AA", o.file, code)
		if o.placer != "" {
			d.loops = append(d.loops, &demoLoop{title: o.title, placer: o.placer, site: d.hospital, want: o.want})
		}
	}
	ignored, err := d.rows(d.hospital, "messages", "--state", "ignored")
	if err != nil {
		return err
	}
	d.check(len(ignored) == 1 && text(ignored[0], "control_id") == "NS100004", "the lab order: got %d ignored messages, want the one lab order", len(ignored))
	if len(ignored) == 1 {
		d.say("hospital ignored the lab order: %s", text(ignored[0], "reason"))
	}
	return d.findIDs()
}

// findIDs reads the hospital's referrals and matches them to the EHR's numbers.
func (d *demo) findIDs() error {
	rows, err := d.rows(d.hospital, "referrals")
	if err != nil {
		return err
	}
	for _, l := range d.loops {
		for _, r := range rows {
			if hasIdentifier(r, l.placer) {
				l.id = text(r, "id")
			}
		}
		if l.id == "" {
			return fmt.Errorf("demo: hospital: no referral has the EHR's number %s", l.placer)
		}
	}
	return nil
}

func hasIdentifier(row map[string]any, value string) bool {
	ids, _ := row["identifiers"].([]any)
	return slices.ContainsFunc(ids, func(id any) bool {
		m, _ := id.(map[string]any)
		return m["value"] == value
	})
}

// consult is the specialist's work on the three referrals that came by Direct: accept, appointment.
func (d *demo) consult() error {
	for i, l := range d.loops {
		if l.want != "closed" {
			continue
		}
		if err := d.awaitState(d.specialist, l.id, "sent"); err != nil {
			return err
		}
		row, err := d.one(d.specialist, l.id)
		if err != nil {
			return err
		}
		actions := fmt.Sprint(row["next_actions"])
		d.check(strings.Contains(actions, "accept") && strings.Contains(actions, "decline"), "%s at the specialist: next actions are %s, want accept and decline among them", l.id, actions)
		d.say("Direct   %s arrived at the specialist: state sent, next %s", l.id, actions)
		if _, err := d.command(d.specialist, "", "act", l.id, "accept"); err != nil {
			return err
		}
		at := time.Date(2026, 12, 1+i, 15, 30, 0, 0, time.UTC).Format(time.RFC3339)
		if _, err := d.command(d.specialist, "", "act", l.id, "schedule", "--at", at, "--late", "--location", "Lakeside Cardiology, room 4"); err != nil {
			return err
		}
		if err := d.awaitEHR(l.placer, 2, "acceptance and appointment"); err != nil {
			return err
		}
		d.checkStatus(l)
	}
	return nil
}

// checkStatus looks at what the EHR was told of acceptance and appointment: in the family it speaks, with its own number.
func (d *demo) checkStatus(l *demoLoop) {
	got := d.ehr.about(l.placer)
	kind := "ORM^O01"
	if strings.HasPrefix(l.placer, "RF-") {
		kind = "RRI^I12"
	}
	for i, what := range []string{"acceptance", "appointment"} {
		d.check(len(got) > i && got[i].Type == kind && got[i].Answer == "AA", "%s: the EHR was told of the %s otherwise than by %s", l.placer, what, kind)
	}
	if len(got) < 2 {
		return
	}
	if kind == "ORM^O01" {
		d.check(got[1].When != "", "%s: the appointment's ORM carries no time", l.placer)
	}
	d.say("EHR      %-10s told by %s: %s; %s", l.placer, kind, strings.Join(got[0].Text, ", "), strings.Join(got[1].Text, ", "))
}

// reports has the specialist return its outcomes. The EHR does not know the second patient: AE, an item, a correction, AA.
func (d *demo) reports() error {
	note := filepath.Join(d.dir, "note.pdf")
	if err := writeDemoNote(note); err != nil {
		return err
	}
	d.ehr.forget("700522") // merged into 700525 meanwhile
	for _, l := range d.loops {
		if l.want != "closed" {
			continue
		}
		if _, err := d.command(d.specialist, "", "act", l.id, "report", "--document", note, "--author", "1245319599", "--name", "Ana Ruiz MD", "--signed"); err != nil {
			return err
		}
		if err := d.awaitEHR(l.placer, 3, "the report"); err != nil {
			return err
		}
		if l.placer == "ORD-88201" {
			if err := d.repair(l); err != nil {
				return err
			}
		}
		if err := d.awaitState(d.hospital, l.id, "closed"); err != nil {
			return err
		}
		d.checkReport(l)
	}
	return nil
}

// repair is the EHR's AE: the loop stays open until the patient's number is right and the report was filed.
func (d *demo) repair(l *demoLoop) error {
	if err := d.until("an item for the refused report", func() (bool, error) {
		items, err := d.rows(d.hospital, "worklist")
		return slices.ContainsFunc(items, func(i map[string]any) bool { return text(i, "referral_id") == l.id }), err
	}); err != nil {
		return err
	}
	row, err := d.one(d.hospital, l.id)
	if err != nil {
		return err
	}
	d.check(text(row, "state") == "report_received", "%s after AE: got state %s, want report_received", l.id, text(row, "state"))
	d.say("EHR      %-10s refused the report with AE (patient unknown): state %s, an item is open", l.placer, text(row, "state"))
	d.ehr.know("700525")
	if _, err := d.command(d.hospital, `{"patient_mrn": "700525"}`, "act", l.id, "verify", "--set", "-"); err != nil {
		return err
	}
	if _, err := d.command(d.hospital, "", "act", l.id, "resend"); err != nil {
		return err
	}
	d.say("hospital corrected the patient's number and sent the report again")
	return nil
}

// checkReport looks at the report as the EHR got it.
func (d *demo) checkReport(l *demoLoop) {
	got := d.ehr.about(l.placer)
	last := got[len(got)-1]
	kind := "ORU^R01"
	if strings.HasPrefix(l.placer, "RF-") {
		kind = "MDM^T02"
	}
	d.check(last.Type == kind && last.Answer == "AA", "%s: the report came as %s and got %s, want %s and AA", l.placer, last.Type, last.Answer, kind)
	d.check(last.PDF > 0, "%s: the report holds no PDF", l.placer)
	l.proof = last.Type + " filed, " + last.Answer + " to " + last.Control
	d.say("EHR      %-10s filed the report: %s with a PDF of %d bytes, %s", l.placer, last.Type, last.PDF, last.Answer)
}

// one shows one referral.
func (d *demo) one(s *demoSite, id string) (map[string]any, error) {
	rows, err := d.rows(s, "show", id)
	if err != nil || len(rows) != 1 {
		return nil, fmt.Errorf("demo: %s: show %s: got %d rows, want 1: %w", s.name, id, len(rows), err)
	}
	return rows[0], nil
}

// awaitState waits until a referral is known at a site and in a state.
func (d *demo) awaitState(s *demoSite, id, state string) error {
	return d.until(fmt.Sprintf("referral %s in state %s at the %s", id, state, s.name), func() (bool, error) {
		rows, err := d.rows(s, "referrals")
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(rows, func(r map[string]any) bool { return text(r, "id") == id && text(r, "state") == state }), nil
	})
}

// awaitEHR waits until the EHR was sent n messages about one of its numbers.
func (d *demo) awaitEHR(placer string, n int, what string) error {
	return d.until(what+" of "+placer+" at the EHR", func() (bool, error) { return len(d.ehr.about(placer)) >= n, nil })
}
