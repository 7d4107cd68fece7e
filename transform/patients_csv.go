package transform

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"refloop/referral"
)

// Limits of a list of patients.
const (
	MaxPatientList  = 256 << 20 // bytes of the file
	MaxPatientRows  = 2_000_000 // rows of it
	maxPatientField = 500       // bytes of one value
	maxPatientCols  = 500
)

// PatientColumns are the columns that a list of patients may have. mrn and birth_date must be there, and name or last_name with first_name.
func PatientColumns() []string {
	return []string{"mrn", "name", "last_name", "first_name", "middle_name", "suffix", "birth_date", "sex", "phone", "address", "city", "state", "zip", "email"}
}

// columnNames are headers that systems write, folded to letters and digits.
var columnNames = map[string][]string{
	"mrn":         {"mrn", "medicalrecordnumber", "patientid", "patientnumber", "patientno", "chart", "chartnumber", "chartno", "chartid", "account", "accountnumber", "acctno", "emrid", "recordnumber", "pid"},
	"name":        {"name", "patientname", "fullname", "patient"},
	"last_name":   {"lastname", "last", "surname", "familyname", "patientlastname", "family", "lname"},
	"first_name":  {"firstname", "first", "givenname", "patientfirstname", "given", "fname"},
	"middle_name": {"middlename", "middle", "middleinitial", "mi", "patientmiddlename"},
	"suffix":      {"suffix", "namesuffix"},
	"birth_date":  {"birthdate", "dob", "dateofbirth", "patientdob", "patientbirthdate", "born"},
	"sex":         {"sex", "gender", "legalsex", "birthsex", "administrativesex", "patientsex"},
	"phone":       {"phone", "homephone", "phonenumber", "primaryphone", "mobilephone", "cellphone", "mobile", "cell", "telephone", "phonehome", "phonemobile", "patientphone"},
	"address":     {"address", "address1", "addressline1", "street", "streetaddress", "patientaddress", "homeaddress"},
	"city":        {"city", "town"},
	"state":       {"state", "st", "stateprovince"},
	"zip":         {"zip", "zipcode", "postalcode"},
	"email":       {"email", "emailaddress"},
}

// PatientList says how a list of patients is to be read.
type PatientList struct {
	Columns   map[string]string // column of PatientColumns to the header that the file has for it, where it is not one of the usual ones
	DayFirst  bool              // 03/02/1980 is the 3rd of February; else the 2nd of March
	Authority string            // who gave the numbers, an OID; empty: our own system
	Now       time.Time         // for dates that cannot be
}

// RowMistake is a row that was not taken, or one of which a value was left out. It never quotes the row.
type RowMistake struct {
	Line  int    // of the file, from 1
	Text  string // what was got and what was wanted
	Taken bool   // the row was taken without the value
}

// ErrPatientList is wrapped by every error for a file that is no list at all.
var ErrPatientList = errors.New("patients")

// ReadPatients reads a CSV file with a header line; commas, semicolons and tabs part its values, and text that is not UTF-8 is read as
// Windows-1252. Every row that can be read goes to take, in order, every other to bad; an error of take ends it.
func ReadPatients(r io.Reader, list PatientList, take func(referral.Patient) error, bad func(RowMistake)) error {
	rows, err := openList(r)
	if err != nil {
		return err
	}
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%w: got no header line, want one with %s", ErrPatientList, strings.Join(PatientColumns(), ", "))
	}
	columns, err := list.columns(header)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		row, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case n >= MaxPatientRows:
			return fmt.Errorf("%w: got more than %d rows, want fewer", ErrPatientList, MaxPatientRows)
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			bad(RowMistake{Line: syntax.StartLine, Text: "got a row that is no CSV (a quote in the wrong place), want values parted as in the header"})
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: reading the file: %w", ErrPatientList, err)
		}
		line, _ := rows.FieldPos(0)
		if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
			continue
		}
		p, left, err := list.patient(columns, row)
		if err != nil {
			bad(RowMistake{Line: line, Text: err.Error()})
			continue
		}
		for _, text := range left {
			bad(RowMistake{Line: line, Text: text, Taken: true})
		}
		if err := take(p); err != nil {
			return err
		}
	}
}

// openList bounds the file, brings it to UTF-8 and finds what parts its values.
func openList(r io.Reader) (*csv.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxPatientList+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: reading the file: %w", ErrPatientList, err)
	case len(b) > MaxPatientList:
		return nil, fmt.Errorf("%w: got more than %d bytes, want fewer; part the file", ErrPatientList, MaxPatientList)
	case bytes.IndexByte(b, 0) >= 0:
		return nil, fmt.Errorf("%w: got bytes that are no text, want a CSV file (an Excel workbook must be saved as CSV)", ErrPatientList)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		if b, err = charmap.Windows1252.NewDecoder().Bytes(b); err != nil {
			return nil, fmt.Errorf("%w: got text that is neither UTF-8 nor Windows-1252, want one of them", ErrPatientList)
		}
	}
	head, _, _ := bytes.Cut(b, []byte("\n"))
	c := csv.NewReader(bufio.NewReader(bytes.NewReader(b)))
	c.FieldsPerRecord, c.LazyQuotes, c.TrimLeadingSpace, c.ReuseRecord = -1, true, true, true
	for _, sep := range []rune{';', '\t', '|'} {
		if bytes.ContainsRune(head, sep) && !bytes.ContainsRune(head, ',') {
			c.Comma = sep
		}
	}
	return c, nil
}

// columns finds which column of the file is which.
func (l PatientList) columns(header []string) (map[string]int, error) {
	if len(header) > maxPatientCols {
		return nil, fmt.Errorf("%w: header: got %d columns, want at most %d", ErrPatientList, len(header), maxPatientCols)
	}
	out := map[string]int{}
	for key, name := range l.Columns {
		if !slices.Contains(PatientColumns(), key) {
			return nil, fmt.Errorf("%w: column %q: got a name that is none, want one of %s", ErrPatientList, key, strings.Join(PatientColumns(), ", "))
		}
		i := slices.IndexFunc(header, func(h string) bool { return plainHeader(h) == plainHeader(name) })
		if i < 0 {
			return nil, fmt.Errorf("%w: column %s: got no header %q in the file, want one that is there", ErrPatientList, key, name)
		}
		out[key] = i
	}
	for i, h := range header {
		for key, names := range columnNames {
			if _, set := out[key]; !set && slices.Contains(names, plainHeader(h)) && !usedColumn(out, i) {
				out[key] = i
			}
		}
	}
	var missing []string
	for _, key := range []string{"mrn", "birth_date"} {
		if _, ok := out[key]; !ok {
			missing = append(missing, key)
		}
	}
	_, name := out["name"]
	_, last := out["last_name"]
	_, first := out["first_name"]
	if !name && !(last && first) {
		missing = append(missing, "last_name and first_name (or name)")
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%w: header: got no column for %s, want them; name it with --column KEY=HEADER", ErrPatientList, strings.Join(missing, ", "))
	}
	return out, nil
}

func usedColumn(columns map[string]int, i int) bool {
	for _, have := range columns {
		if have == i {
			return true
		}
	}
	return false
}

// plainHeader is a header as it is compared.
func plainHeader(s string) string { return referral.FoldName(s) }

// patient reads one row. left says which values were left out.
func (l PatientList) patient(columns map[string]int, row []string) (p referral.Patient, left []string, err error) {
	value := func(key string) string {
		i, ok := columns[key]
		if !ok || i >= len(row) {
			return ""
		}
		return strings.Join(strings.Fields(row[i]), " ")
	}
	for _, key := range PatientColumns() {
		if n := len(value(key)); n > maxPatientField {
			return p, nil, fmt.Errorf("%s: got %d bytes, want at most %d", key, n, maxPatientField)
		}
	}
	p.IDs = []referral.Identifier{{Value: strings.Clone(value("mrn")), Authority: l.Authority, Kind: referral.KindMRN}}
	p.Name = referral.Name{Family: value("last_name"), Given: value("first_name"), Middle: value("middle_name"), Suffix: value("suffix")}
	if p.Name.Family == "" && value("name") != "" {
		n := referral.ParseName(value("name"))
		p.Name = referral.Name{Family: n.Family, Given: n.Given, Middle: n.Middle, Suffix: n.Suffix}
	}
	p.Email = value("email")
	p.Address = referral.Address{Line1: value("address"), City: value("city"), State: value("state"), Zip: value("zip")}
	switch {
	case p.IDs[0].Value == "":
		return p, nil, errors.New("mrn: got nothing, want the number that our system gave the patient")
	case p.Name.Family == "" || p.Name.Given == "":
		return p, nil, errors.New("name: got no last or no first name, want both")
	}
	if p.BirthDate, err = l.date(value("birth_date")); err != nil {
		return p, nil, fmt.Errorf("birth_date: %w", err)
	}
	if p.Sex = sexOf(value("sex")); p.Sex == "" && value("sex") != "" {
		left = append(left, fmt.Sprintf("sex: got %d characters, want M, F, O, U or the word; it was left out", len(value("sex"))))
	}
	if phone := value("phone"); phone != "" {
		if p.Phone = referral.PlainPhone(phone); len(p.Phone) != 10 {
			p.Phone = ""
			left = append(left, fmt.Sprintf("phone: got %d characters that are no number of 10 digits, want one; it was left out", len(phone)))
		}
	}
	return p, left, nil
}

// date reads a birth date in the ways that systems write it. A year of two digits is refused: 24 may be 1924.
func (l PatientList) date(s string) (string, error) {
	if s == "" {
		return "", errors.New("got nothing, want a date")
	}
	s, _, _ = strings.Cut(s, "T")
	if i := strings.IndexByte(s, ' '); i > 0 && strings.ContainsAny(s[:i], "-/.") { // a time behind it
		s = s[:i]
	}
	layouts := []string{"2006-1-2", "2006/1/2", "20060102", "2-Jan-2006", "Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "1/2/2006", "1-2-2006", "1.2.2006"}
	if l.DayFirst {
		layouts = append(layouts[:7:7], "2/1/2006", "2-1-2006", "2.1.2006")
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.After(l.Now) || l.Now.Sub(t) > 125*365*24*time.Hour {
			return "", errors.New("got a date on which no patient of ours was born, want one in the past 125 years")
		}
		return t.Format(time.DateOnly), nil
	}
	return "", fmt.Errorf("got %d characters that are no date, want YYYY-MM-DD, YYYYMMDD or MM/DD/YYYY with a year of four digits", len(s))
}

func sexOf(s string) string {
	switch strings.ToLower(s) {
	case "m", "male", "man":
		return "M"
	case "f", "female", "woman":
		return "F"
	case "o", "other", "x", "nonbinary", "non-binary":
		return "O"
	case "u", "unknown":
		return "U"
	}
	return ""
}
