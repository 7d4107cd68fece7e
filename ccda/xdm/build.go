package xdm

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Build makes the ZIP. Each set needs UniqueID, SourceID, Time and a document; each document needs Data and MimeType.
// What else is not known is left out, and then the limitedMetadata markers are set. Build computes hash, size, URI, file
// names and entryUUIDs where they are not given. The caller's Package is not changed.
func Build(p Package) ([]byte, error) {
	if len(p.Sets) == 0 {
		return nil, fmt.Errorf("xdm: building: sets: got none, want at least one submission set")
	}
	sets := make([]SubmissionSet, len(p.Sets))
	for i, s := range p.Sets {
		filled, err := fill(s, i)
		if err != nil {
			return nil, err
		}
		for _, before := range sets[:i] {
			if before.Folder == filled.Folder {
				return nil, fmt.Errorf("xdm: building: sets[%d].folder: got %q twice", i, filled.Folder)
			}
		}
		sets[i] = filled
	}
	p.Sets = sets
	var out bytes.Buffer
	z := &packer{w: zip.NewWriter(&out)}
	z.folder("IHE_XDM/")
	for i := range sets {
		base := "IHE_XDM/" + sets[i].Folder + "/"
		z.folder(base)
		z.file(base+"METADATA.XML", metadata(&sets[i]))
		for _, d := range sets[i].Documents {
			z.file(base+d.Name, d.Data)
		}
	}
	z.file("INDEX.HTM", index(&p))
	z.file("README.TXT", readme(&p))
	if z.err == nil {
		z.err = z.w.Close()
	}
	if z.err != nil {
		return nil, fmt.Errorf("xdm: building: writing the zip: %w", z.err)
	}
	return out.Bytes(), nil
}

// packer writes ZIP entries with one fixed time, so that equal packages are equal bytes.
type packer struct {
	w   *zip.Writer
	err error
}

func (z *packer) folder(name string) {
	if z.err == nil {
		_, z.err = z.w.CreateHeader(&zip.FileHeader{Name: name, Modified: epoch()})
	}
}

// file writes one deflated entry. A stored entry with a data descriptor stops Java's ZipInputStream.
func (z *packer) file(name string, data []byte) {
	if z.err != nil {
		return
	}
	f, err := z.w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch()})
	if err == nil {
		_, err = f.Write(data)
	}
	z.err = err
}

// epoch is the first time that a ZIP can hold.
func epoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// fill checks one set and computes what can be computed.
func fill(s SubmissionSet, at int) (SubmissionSet, error) {
	bad := func(what, got, want string) (SubmissionSet, error) {
		return SubmissionSet{}, fmt.Errorf("xdm: building: sets[%d].%s: got %s, want %s", at, what, got, want)
	}
	if s.Folder == "" {
		s.Folder = fmt.Sprintf("SUBSET%02d", at+1)
	}
	switch {
	case !nameFits(s.Folder, false):
		return bad("folder", fmt.Sprintf("%q", s.Folder), "1 to 8 of A-Z 0-9 _")
	case !oid(s.UniqueID):
		return bad("unique_id", fmt.Sprintf("%d characters", len(s.UniqueID)), "an OID")
	case !oid(s.SourceID):
		return bad("source_id", fmt.Sprintf("%d characters", len(s.SourceID)), "an OID of the sending system")
	case s.Time.IsZero():
		return bad("time", "none", "the submission time")
	case len(s.Documents) == 0:
		return bad("documents", "none", "at least one")
	}
	if s.ID == "" {
		s.ID = derive(s.UniqueID, "set")
	}
	docs := make([]Document, len(s.Documents))
	used := map[string]bool{"METADATA.XML": true}
	for i, d := range s.Documents {
		if err := s.fillDocument(&d, i, used); err != nil {
			return SubmissionSet{}, fmt.Errorf("xdm: building: sets[%d].documents[%d].%w", at, i, err)
		}
		s.Limited = s.Limited || d.Limited
		docs[i] = d
	}
	s.Documents = docs
	s.Limited = s.Limited || s.PatientID.Value == "" || s.ContentType.Code == ""
	return s, checkValues(&s, at)
}

func (s *SubmissionSet) fillDocument(d *Document, i int, used map[string]bool) error {
	if len(d.Data) == 0 {
		return fmt.Errorf("data: got none, want the bytes of the file")
	}
	if d.MimeType == "" || strings.ContainsAny(d.MimeType, " \t\r\n") {
		return fmt.Errorf("mime_type: got %q, want a media type", d.MimeType)
	}
	if d.Name == "" {
		d.Name = fileName(d.MimeType, i+1)
	}
	if !nameFits(d.Name, true) {
		return fmt.Errorf("name: got %d characters, want 8.3 of A-Z 0-9 _ such as DOC00001.XML", len(d.Name))
	}
	if used[d.Name] {
		return fmt.Errorf("name: got %q twice", d.Name)
	}
	used[d.Name] = true
	if d.ID == "" {
		d.ID = derive(s.UniqueID, d.Name)
	}
	if d.UniqueID == "" {
		d.UniqueID = derive(s.UniqueID, d.Name+" unique")
	}
	sum := sha1.Sum(d.Data)
	d.Hash, d.Size = hex.EncodeToString(sum[:]), len(d.Data)
	if d.PatientID == (ID{}) {
		d.PatientID = s.PatientID
	}
	if d.PatientID != s.PatientID {
		return fmt.Errorf("patient_id: got another than the set's, want the same (ITI TF-3 4.2.3.2.16)")
	}
	if d.SourceID == (ID{}) {
		d.SourceID = d.PatientID
	}
	if d.Format.Code == "" && d.MimeType != MimeXML && d.MimeType != MimeV2 {
		d.Format = Format(FormatByMime)
	}
	if len(d.Authors) == 0 {
		d.Authors = s.Authors
	}
	d.Limited = d.limited()
	return nil
}

// limited says whether an attribute that XDS requires is missing, so that a HISP that turns the package into XDR must
// mark it (ITI TF-3 table 4.3.1-3).
func (d *Document) limited() bool {
	for _, c := range []Code{d.Class, d.Type, d.Format, d.Facility, d.Practice} {
		if c.Code == "" {
			return true
		}
	}
	return len(d.Privacy) == 0 || d.Created == "" || d.Language == "" || d.PatientID.Value == "" || d.SourceID.Value == ""
}

// maxValue is the longest slot value (ITI TF-3 4.2.3.1).
const maxValue = 256

// checkValues refuses slot values that are too long for a registry.
func checkValues(s *SubmissionSet, at int) error {
	slots := s.slots()
	for i := range s.Documents {
		slots = append(slots, s.Documents[i].slots()...)
	}
	for _, sl := range slots {
		for _, v := range sl.values {
			if n := len([]rune(v)); n > maxValue {
				return fmt.Errorf("xdm: building: sets[%d]: slot %s: got a value of %d characters, want at most %d", at, sl.name, n, maxValue)
			}
		}
	}
	return nil
}

func fileName(mime string, n int) string {
	ext := map[string]string{MimeXML: "XML", MimePDF: "PDF", "text/plain": "TXT", "text/html": "HTM", "text/rtf": "RTF", "application/rtf": "RTF",
		"image/tiff": "TIF", "image/jpeg": "JPG", "image/png": "PNG", "image/gif": "GIF", "application/json": "JSN", "application/msword": "DOC"}[mime]
	if mime == MimeV2 {
		return fmt.Sprintf("HL7%05d.HL7", n)
	}
	if ext == "" {
		ext = "BIN"
	}
	return fmt.Sprintf("DOC%05d.%s", n, ext)
}

// nameFits checks ISO 9660 level 1: eight characters, for files a dot and up to three more.
func nameFits(s string, file bool) bool {
	base, ext, dot := strings.Cut(s, ".")
	if !file {
		return !dot && len(base) >= 1 && len(base) <= 8 && isoOnly(base)
	}
	return len(base) >= 1 && len(base) <= 8 && isoOnly(base) && len(ext) <= 3 && isoOnly(ext) && (!dot || ext != "")
}

func isoOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

func oid(s string) bool {
	if len(s) < 3 || len(s) > 64 || s[0] < '0' || s[0] > '2' || s[1] != '.' || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	return strings.Trim(s, "0123456789.") == ""
}

// derive makes a urn:uuid (version 5 of RFC 9562 in form) from the set's uniqueId and a name.
func derive(unique, name string) string {
	b := sha1.Sum([]byte(unique + "\x00" + name))
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:16])
	return "urn:uuid:" + s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
