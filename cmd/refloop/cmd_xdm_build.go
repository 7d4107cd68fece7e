package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"refloop/ccda"
	"refloop/ccda/xdm"
	"refloop/channels"
	"refloop/channels/direct"
	"refloop/config"
	"refloop/transform"
)

func xdmBuildCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "build [FILE...]", Short: "make a package of files, or of a referral", Args: cobra.ArbitraryArgs,
		Long: "build makes an XDM package: the files with metadata as far as they tell it themselves (of a C-CDA patient, type, time, author,\n" +
			"label, referral number; of an HL7 v2 message its 360X format), INDEX.HTM and README.TXT. With --referral it is the package that\n" +
			"Direct mail would carry for the request. The organisation of the configuration is the sender; without a configuration --source and\n" +
			"--institution name it. Equal files and --time give equal bytes.",
		Example: "  refloop xdm build -o package.zip order.hl7 referral.xml scan.pdf --source 2.16.840.1.113883.3.72.5.9.1\n" +
			"  refloop xdm build -o package.zip --referral 01JD",
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			out, id := f.Lookup("output").Value.String(), f.Lookup("referral").Value.String()
			switch {
			case out == "":
				return usageError{errors.New("xdm build: -o: got nothing, want the file to write, or - for standard output")}
			case (len(args) == 0) == (id == ""):
				return usageError{errors.New("xdm build: got both or none of FILE... and --referral, want one")}
			}
			build := func() ([]byte, error) { return packFiles(cmd, args) }
			if id != "" {
				build = func() ([]byte, error) { return packReferral(cmd, id) }
			}
			b, err := build()
			if err != nil {
				return err
			}
			return writeOut(cmd.OutOrStdout(), out, b)
		},
	}
	f := c.Flags()
	f.StringP("output", "o", "", "`file` to write (required)")
	f.String("referral", "", "package the request of the referral with this `ID`")
	f.String("source", "", "`OID` of the sending system (default: organization.oid of the configuration)")
	f.String("institution", "", "`name` of the sender (default: organization.name of the configuration)")
	f.String("time", "", "submission `time`, RFC 3339 (default: now)")
	return c
}

// packReferral makes the package that Direct mail would carry.
func packReferral(cmd *cobra.Command, id string) ([]byte, error) {
	ship, err := shipmentOf(cmd, id, false, transform.Rail{Type: channels.Direct})
	if err != nil {
		return nil, err
	}
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return nil, err
	}
	d := planDirect(cfg, new(config.Problems))
	org := cfg.Organization
	g := &direct.Agent{Settings: d.settings, Organization: direct.Organization{Name: org.Name, OID: org.OID, NPI: org.NPI, Phone: org.Phone, Version: version}}
	return g.XDM(ship, ship.DeliveryID)
}

// packFiles makes a package of files.
func packFiles(cmd *cobra.Command, paths []string) ([]byte, error) {
	set, err := newSet(cmd)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, path := range paths {
		b, err := readClinical(cmd, path)
		if err != nil {
			return nil, err
		}
		sum.Write(b)
		d, patient, err := documentOfFile(b, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if set.PatientID == (xdm.ID{}) {
			set.PatientID = patient
		}
		set.Documents = append(set.Documents, d)
	}
	set.UniqueID = xdm.NamedOID(hex.EncodeToString(sum.Sum(nil)) + set.Time.Format(time.RFC3339))
	name := cmd.Flags().Lookup("institution").Value.String()
	patient := ""
	for i := range set.Documents { // one referral and one patient for all
		d := &set.Documents[i]
		d.PatientID, d.SourceID = set.PatientID, set.PatientID
		for j := range set.Documents {
			if len(d.References) == 0 {
				d.References = set.Documents[j].References
			}
			if len(d.PatientInfo) == 0 {
				d.PatientInfo = set.Documents[j].PatientInfo
			}
			if who := set.Documents[j].Patient(); patient == "" && who.Family != "" {
				patient = strings.TrimSpace(who.Given + " " + who.Family)
			}
		}
	}
	return xdm.Build(xdm.Package{Institution: name, Application: "refloop", Version: version, Patient: patient, Sets: []xdm.SubmissionSet{set}})
}

// newSet begins a submission set with who sends and when.
func newSet(cmd *cobra.Command) (xdm.SubmissionSet, error) {
	f := cmd.Flags()
	set := xdm.SubmissionSet{SourceID: f.Lookup("source").Value.String(), Time: time.Now(), Title: "Documents"}
	if s := f.Lookup("time").Value.String(); s != "" {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return set, usageError{fmt.Errorf("--time: got %q, want a time such as 2026-11-23T08:00:00Z", s)}
		}
		set.Time = t
	}
	if set.SourceID != "" {
		return set, nil
	}
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return set, fmt.Errorf("%w; or name the sender with --source", err)
	}
	set.SourceID = cfg.Organization.OID
	if !f.Lookup("institution").Changed {
		if err := f.Set("institution", cfg.Organization.Name); err != nil {
			return set, err
		}
	}
	return set, nil
}

// documentOfFile makes the entry of one file, and tells the patient's number when the file does.
func documentOfFile(b []byte, path string) (xdm.Document, xdm.ID, error) {
	d := xdm.Document{Data: b, Language: "en-US"}
	switch clinicalKind(b, path) {
	case "cda":
		doc, err := ccda.Read(b, ccda.Limits{})
		if err != nil {
			return d, xdm.ID{}, err
		}
		return describeCDA(d, doc), patientOf(doc), nil
	case "hl7v2":
		d.MimeType, d.Format, d.Title = xdm.MimeV2, xdm.Format360X(triggerOf(b)), "Message"
		return d, xdm.ID{}, nil
	}
	typ, err := contentType(b, path)
	if err != nil {
		return d, xdm.ID{}, err
	}
	d.MimeType = typ
	return d, xdm.ID{}, nil
}

func patientOf(doc ccda.Document) xdm.ID {
	for _, id := range doc.Patient.IDs {
		if id.Extension != "" && strings.Contains(id.Root, ".") {
			return xdm.ID{Value: id.Extension, Authority: id.Root}
		}
	}
	return xdm.ID{}
}

// describeCDA takes the metadata from the document's own header.
func describeCDA(d xdm.Document, doc ccda.Document) xdm.Document {
	d.MimeType, d.Title, d.UniqueID = xdm.MimeXML, doc.Title, xdm.CDAUniqueID(doc.ID.Root, doc.ID.Extension)
	d.Type = xdm.LOINC(doc.Code.Code, doc.Code.Display)
	d.Class = d.Type
	d.Format = xdm.Format(xdm.FormatCCDA)
	if doc.Type == ccda.TypeUnstructured {
		d.Format = xdm.Format(xdm.FormatCCDAUnstructured)
	}
	if doc.Language != "" {
		d.Language = doc.Language
	}
	level := doc.Confidentiality
	if level != "R" && level != "V" {
		level = "N"
	}
	d.Privacy = []xdm.Code{xdm.Privacy(level)}
	if t, ok := ccda.ParseTime(doc.Time, nil); ok {
		d.Created = t.UTC().Format("20060102150405")
	}
	if id := doc.ReferralID; id.Extension != "" {
		d.References = []xdm.Reference{{ID: xdm.ID{Value: id.Extension, Authority: id.Root}, Type: xdm.RefReferral}}
	}
	for _, a := range doc.Authors {
		author := xdm.Author{}
		if a.Name.Family != "" {
			author.Person = xdm.Person(npiOf(a.IDs), a.Name.Family, strings.Join(a.Name.Given, " "), "")
		}
		if a.Org != nil && a.Org.Name != "" {
			author.Institutions = []string{xdm.Organization(a.Org.Name, xdm.ID{})}
		}
		if author.Person != "" || len(author.Institutions) > 0 {
			d.Authors = append(d.Authors, author)
		}
	}
	d.PatientInfo = patientInfo(doc)
	var words strings.Builder
	if ccda.WriteText(&words, doc) == nil {
		d.Words = words.String()
	}
	return d
}

func npiOf(ids []ccda.ID) xdm.ID {
	for _, id := range ids {
		if id.Root == ccda.NPI {
			return xdm.ID{Value: id.Extension, Authority: id.Root}
		}
	}
	return xdm.ID{}
}

// patientInfo is the record target as sourcePatientInfo writes it.
func patientInfo(doc ccda.Document) []string {
	var out []string
	p := doc.Patient
	if id := patientOf(doc); id.Value != "" {
		out = append(out, "PID-3|"+id.String())
	}
	if len(p.Names) > 0 && p.Names[0].Family != "" {
		out = append(out, "PID-5|"+xdm.Escape(p.Names[0].Family)+"^"+xdm.Escape(strings.Join(p.Names[0].Given, " ")))
	}
	if len(p.BirthTime) >= 8 {
		out = append(out, "PID-7|"+p.BirthTime[:8])
	}
	switch p.Sex.Code {
	case "M", "F":
		out = append(out, "PID-8|"+p.Sex.Code)
	}
	return out
}

// triggerOf is MSH-9.2 of an HL7 v2 message, for its format code.
func triggerOf(b []byte) string {
	line, _, _ := strings.Cut(strings.ReplaceAll(string(b[:min(len(b), 1024)]), "\n", "\r"), "\r")
	if len(line) < 9 {
		return ""
	}
	fields := strings.Split(line, line[3:4])
	if len(fields) < 9 {
		return ""
	}
	parts := strings.Split(fields[8], line[4:5])
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}
