package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// writeDemoNote makes the clinician's note: what a real one would hand in as a file. refloop itself never writes one.
func writeDemoNote(path string) error {
	pdf := fpdf.New("P", "mm", "Letter", "")
	pdf.AddPage()
	pdf.SetFont("Helvetica", "B", 16)
	pdf.Cell(0, 12, "Cardiology consultation")
	pdf.Ln(16)
	pdf.SetFont("Helvetica", "", 11)
	for _, text := range []string{
		"Seen today at the request of Dr. Morgan. Stress echocardiogram without inducible ischemia, ejection fraction 60 percent.",
		"Impression: non-cardiac chest pain; benign palpitations. No restriction.",
		"Plan: continue current medication, return if symptoms recur.",
		"Signed: Ana Ruiz MD. This is a demonstration document about nobody.",
	} {
		pdf.MultiCell(0, 6, text, "", "L", false)
		pdf.Ln(3)
	}
	return pdf.OutputFileAndClose(path)
}

// faxOut plays the gateway of the partner that only has a fax: the referral left as TIFF-F with a job file; the gateway confirms it.
func (d *demo) faxOut() error {
	l := d.loops[len(d.loops)-1]
	outbox := filepath.Join(d.hospital.dir, "var", "fax-outbox")
	var job struct {
		ReferralID string `json:"referral_id"`
		DeliveryID string `json:"delivery_id"`
		To         string `json:"to"`
		Pages      int    `json:"pages"`
		SHA256     string `json:"sha256"`
	}
	var jobFile string
	if err := d.until("a fax in the outbox", func() (bool, error) {
		found, err := filepath.Glob(filepath.Join(outbox, "*.json"))
		if len(found) > 0 {
			jobFile = found[0]
		}
		return len(found) > 0, err
	}); err != nil {
		return err
	}
	b, err := os.ReadFile(jobFile)
	if err != nil {
		return fmt.Errorf("demo: gateway: %w", err)
	}
	if err := json.Unmarshal(b, &job); err != nil {
		return fmt.Errorf("demo: gateway: job file: %w", err)
	}
	tiff, err := os.ReadFile(strings.TrimSuffix(jobFile, ".json") + ".tif")
	if err != nil {
		return fmt.Errorf("demo: gateway: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "outbound-fax.tif"), tiff, 0o644); err != nil {
		return fmt.Errorf("demo: gateway: %w", err)
	}
	d.check(job.ReferralID == l.id, "fax job: got referral %s, want %s", job.ReferralID, l.id)
	answer := fmt.Sprintf(`{"state": "done", "pages": %d, "code": "OK"}`, job.Pages)
	status := strings.TrimSuffix(jobFile, ".json") + ".status.json"
	if err := os.WriteFile(status+".part", []byte(answer), 0o600); err != nil {
		return fmt.Errorf("demo: gateway: %w", err)
	}
	if err := os.Rename(status+".part", status); err != nil {
		return fmt.Errorf("demo: gateway: %w", err)
	}
	d.say("gateway  sent a fax of %d pages to %s and confirmed it", job.Pages, job.To)
	return d.faxProof(l)
}

// faxProof waits for the delivery to be shown as delivered, grade D, while the referral stays sent with its debtor.
func (d *demo) faxProof(l *demoLoop) error {
	var fax map[string]any
	if err := d.until("the fax as delivered", func() (bool, error) {
		rows, err := d.rows(d.hospital, "deliveries", "--referral", l.id)
		i := slices.IndexFunc(rows, func(r map[string]any) bool { return text(r, "rail") == "fax" && text(r, "state") == "delivered" })
		if i >= 0 {
			fax = rows[i]
		}
		return i >= 0, err
	}); err != nil {
		return err
	}
	row, err := d.one(d.hospital, l.id)
	if err != nil {
		return err
	}
	debtor := text(at(row, "clock"), "debtor")
	d.check(text(fax, "grade") == "D" && text(row, "state") == "sent" && debtor != "", "fax referral: got grade %s, state %s, debtor %q, want D, sent and somebody", text(fax, "grade"), text(row, "state"), debtor)
	l.proof = "fax confirmed (grade D), " + debtor + " owes the answer"
	return nil
}

// readFaxes is the practice's work: what was read with confidence is filled in, the rest is looked at by a person and confirmed.
func (d *demo) readFaxes() error {
	var rows []map[string]any
	if err := d.until("both faxes as referrals at the practice", func() (bool, error) {
		var err error
		rows, err = d.rows(d.practice, "referrals")
		return len(rows) == 2, err
	}); err != nil {
		return err
	}
	for _, r := range rows {
		l := &demoLoop{title: "a fax that became a referral", site: d.practice, id: text(r, "id"), want: "accepted"}
		d.loops = append(d.loops, l)
		if err := d.reviewFax(l, r); err != nil {
			return err
		}
	}
	return nil
}

// reviewFax confirms one fax from what is printed on it, accepts it, and waits for its files.
func (d *demo) reviewFax(l *demoLoop, row map[string]any) error {
	fields, _ := row["fields"].([]any)
	printed, err := d.printed(fields)
	if err != nil {
		return err
	}
	unsure := map[string]string{}
	for _, f := range fields {
		m, _ := f.(map[string]any)
		if c, _ := m["confidence"].(float64); c < 0.95 {
			unsure[text(m, "key")] = printed[text(m, "key")]
		}
	}
	for key, value := range printed { // what the reader missed, a person types in
		if !slices.ContainsFunc(fields, func(f any) bool { m, _ := f.(map[string]any); return m["key"] == key }) {
			unsure[key] = value
		}
	}
	holds, _ := row["holds"].([]any)
	d.say("practice %s: %d fields read, %d to be looked at, %d holds", l.id, len(fields), len(unsure), len(holds))
	set, err := json.Marshal(unsure)
	if err != nil {
		return err
	}
	if len(unsure) > 0 {
		if _, err := d.command(d.practice, string(set), "act", l.id, "verify", "--set", "-"); err != nil {
			return err
		}
	}
	if _, err := d.command(d.practice, "", "act", l.id, "accept"); err != nil {
		return err
	}
	files, err := d.awaitFiles(l.id)
	l.proof = "files in chart import: " + strings.Join(files, ", ")
	return err
}

// awaitFiles waits for the referral's C-CDA, PDF and JSON in the chart-import folder.
func (d *demo) awaitFiles(id string) ([]string, error) {
	kinds := map[string]string{}
	err := d.until("the files of "+id+" in the chart import", func() (bool, error) {
		return len(kinds) >= 3, filepath.WalkDir(filepath.Join(d.practice.dir, "var", "chart-import"), func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.Contains(path, id) {
				kinds[strings.ToLower(filepath.Ext(path))] = e.Name()
			}
			return nil
		})
	})
	var names []string
	for _, ext := range []string{".xml", ".pdf", ".json"} {
		if kinds[ext] == "" && err == nil {
			err = fmt.Errorf("demo: chart import of %s: got no %s file", id, ext)
		}
		names = append(names, strings.TrimPrefix(ext, "."))
	}
	return names, err
}

// printed is what stands on the fax, as the person at the front desk reads it: the truth beside the fax in testdata whose patient
// matches what was read.
func (d *demo) printed(fields []any) (map[string]string, error) {
	best, most := map[string]string{}, 0
	for _, name := range []string{"d-029.json", "d-019.json"} {
		b, err := os.ReadFile(filepath.Join(d.faxes, name))
		if err != nil {
			return nil, fmt.Errorf("demo: what is printed on a fax: %w", err)
		}
		var raw map[string]any
		if err := json.Unmarshal(b, &raw); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", name, err)
		}
		truth := printedValues(raw)
		same := 0
		for _, f := range fields {
			if m, _ := f.(map[string]any); truth[text(m, "key")] == text(m, "value") {
				same++
			}
		}
		if same > most {
			best, most = truth, same
		}
	}
	if most == 0 {
		return nil, fmt.Errorf("demo: a fax was read of which not one field stands on it")
	}
	return best, nil
}

func printedValues(raw map[string]any) map[string]string {
	out := map[string]string{}
	for key, v := range raw {
		switch v := v.(type) {
		case string:
			if key != "document_type" && key != "pages" {
				out[key] = v
			}
		case []any:
			var items []string
			for _, item := range v {
				items = append(items, fmt.Sprint(item))
			}
			out[key] = strings.Join(items, "\n")
		}
	}
	return out
}
