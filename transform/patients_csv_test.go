package transform_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"refloop/referral"
	"refloop/transform"
)

var listDay = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func readPatients(t *testing.T, text string, list transform.PatientList) (rows []referral.Patient, bad []transform.RowMistake, err error) {
	t.Helper()
	list.Now = listDay
	err = transform.ReadPatients(strings.NewReader(text), list, func(p referral.Patient) error {
		rows = append(rows, p)
		return nil
	}, func(m transform.RowMistake) { bad = append(bad, m) })
	return rows, bad, err
}

func TestReadPatients(t *testing.T) {
	rows, bad, err := readPatients(t, "\xef\xbb\xbfChart No,Patient Name,DOB,Gender,Home Phone,City\r\n"+
		"4711,\"Testperson, Berta Q\",11/18/1954,female,(555) 010-0111,Madison\r\n"+
		",Nobody Number,1/1/1980,,,\r\n"+
		"4712,Onlyname,1/1/1980,,,\r\n"+
		"4713,\"Sample, Sam\",13/13/1980,,,\r\n"+
		"4714,\"Sample, Sue\",1980-02-03 00:00:00,F,12345,\r\n"+
		"4715,\"Sample, Old\",1/1/24,,,\r\n"+
		"4716,\"Sample, Unborn\",2031-01-01,,,\r\n"+
		"\r\n"+
		"4717,\"Sample, \"\"Sid\"\"\",19991231,X,+1 555 010 0199 ext 3\r\n", transform.PatientList{Authority: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range rows {
		got = append(got, fmt.Sprintf("%s %s|%s|%s|%s|%s|%s", p.IDs[0].Value, p.IDs[0].Authority, p.Name.Family, p.Name.Given, p.BirthDate, p.Sex, p.Phone))
	}
	want := "4711 1.2.3|Testperson|Berta|1954-11-18|F|5550100111\n4714 1.2.3|Sample|Sue|1980-02-03|F|\n4717 1.2.3|Sample|\"Sid\"|1999-12-31|O|5550100199"
	if strings.Join(got, "\n") != want {
		t.Errorf("rows: got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	var lines []string
	for _, m := range bad {
		what, _, _ := strings.Cut(m.Text, ":")
		lines = append(lines, fmt.Sprintf("%d %s %v", m.Line, what, m.Taken))
		if strings.Contains(m.Text, "Sample") || strings.Contains(m.Text, "12345") {
			t.Errorf("line %d: the message quotes the row: %s", m.Line, m.Text)
		}
	}
	if want := "3 mrn false\n4 name false\n5 birth_date false\n6 phone true\n7 birth_date false\n8 birth_date false"; strings.Join(lines, "\n") != want {
		t.Errorf("mistakes: got\n%s\nwant\n%s", strings.Join(lines, "\n"), want)
	}
}

func TestReadPatientsForms(t *testing.T) {
	rows, bad, err := readPatients(t, "Nr;Nachname;Vorname;Geb\n1;M\xfcller;J\xf6rg;03.02.1980\n", transform.PatientList{
		DayFirst: true, Columns: map[string]string{"mrn": "nr", "last_name": "Nachname", "first_name": "Vorname", "birth_date": "Geb"},
	})
	if err != nil || len(bad) != 0 || len(rows) != 1 || rows[0].Name.Family != "Müller" || rows[0].BirthDate != "1980-02-03" {
		t.Errorf("semicolons, Windows-1252, day first: got %+v, %v, %v", rows, bad, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no column of birth dates": "mrn,last,first\n1,A,B\n", "workbook": "PK\x03\x04\x00\x00", "column that is not there": "mrn,last,first,dob\n",
	} {
		list := transform.PatientList{}
		if name == "column that is not there" {
			list.Columns = map[string]string{"phone": "Tel"}
		}
		if _, _, err := readPatients(t, text, list); !errors.Is(err, transform.ErrPatientList) {
			t.Errorf("%s: got %v, want ErrPatientList", name, err)
		}
	}
}

func FuzzReadPatients(f *testing.F) {
	f.Add([]byte("mrn,last,first,dob\n1,A,B,1980-01-01\n"))
	f.Add([]byte("mrn;name;dob\n1;\"A, B\";19800101\n\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := transform.ReadPatients(strings.NewReader(string(b)), transform.PatientList{Now: listDay}, func(p referral.Patient) error {
			if p.IDs[0].Value == "" || p.Name.Family == "" || len(p.BirthDate) != 10 {
				t.Errorf("got a patient that is none: %+v", p)
			}
			return nil
		}, func(m transform.RowMistake) {
			if m.Line < 1 {
				t.Errorf("got line %d, want the row's", m.Line)
			}
		})
		if err != nil && !errors.Is(err, transform.ErrPatientList) {
			t.Errorf("got %v, want ErrPatientList", err)
		}
	})
}
