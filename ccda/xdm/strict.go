package xdm

import (
	"errors"
	"path"
	"strings"
)

// Options say how a package is read. The zero value reads as Read does with default limits.
type Options struct {
	Limits Limits
	// Strict makes errors of the defects that have a rule: for partners whose packages are known to be right.
	Strict bool
	// Recipient is the address of the envelope. When it is set and a submission set names Direct addresses as intended recipients
	// but not this one, that is a defect (ITI TF-3 4.2.3.3.7).
	Recipient string
}

// Rules of defects. A document that does not match its hash is an error under any option.
const (
	RuleHash      = "hash"      // URI, size or hash are missing, or the size is wrong (ITI TF-3 4.2.3.2.10)
	RulePatient   = "patient"   // patientId differs between set and entries, or from what sourcePatientInfo says
	RuleRecipient = "recipient" // the envelope's recipient is not an intended one
	RuleName      = "name"      // a name is not of ISO 9660 level 1 (ITI TF-2 3.32.4.1.2)
	RuleUnique    = "unique"    // the set has no uniqueId, or two sets have the same
)

// ErrStrict: a strict reader found a defect; the warnings that come with the error name each.
var ErrStrict = errors.New("xdm: reading: the package breaks a rule that this partner must keep")

// ReadWith is Read with options. In strict mode the warnings are returned beside an error that is ErrStrict.
//
// The caller compares what this package cannot know: whether a set's UniqueID was seen before with other bytes, and whether the
// referral's number is the same in the HL7 v2 message and in Document.References.
func ReadWith(b []byte, o Options) (Package, []Warning, error) {
	r := &reader{limits: o.Limits.withDefaults(), files: map[string]*file{}}
	if err := r.open(b); err != nil {
		return Package{}, nil, err
	}
	var p Package
	for _, m := range r.metadataFiles() {
		set, err := r.readSet(m)
		if err != nil {
			return Package{}, nil, err
		}
		p.Sets = append(p.Sets, set)
	}
	if len(p.Sets) == 0 {
		r.warn("", "no IHE_XDM folder with a METADATA.XML: the files are taken as plain attachments")
	}
	p.Loose = r.loose(&p)
	r.names()
	r.unique(&p)
	r.recipients(&p, o.Recipient)
	r.patients(&p)
	if o.Strict && r.broken() {
		return Package{}, r.warnings, ErrStrict
	}
	return p, r.warnings, nil
}

func (r *reader) broken() bool {
	for _, w := range r.warnings {
		if w.Rule != "" {
			return true
		}
	}
	return false
}

// names finds the first name below IHE_XDM that a strict ISO 9660 reader does not take: upper case, eight characters, one dot, three more.
func (r *reader) names() {
	for _, key := range r.order {
		name := r.files[key].path
		_, below, ok := strings.Cut("/"+name, "/IHE_XDM/")
		if !ok {
			if strings.Contains("/"+key, "/IHE_XDM/") {
				r.breach(RuleName, "", "the folder IHE_XDM is not in upper case")
				return
			}
			continue
		}
		parts := strings.Split(below, "/")
		for i, part := range parts {
			if !nameFits(part, i == len(parts)-1) {
				r.breach(RuleName, path.Dir(name), "a name is not 8.3 of A-Z 0-9 _")
				return
			}
		}
	}
}

func (r *reader) unique(p *Package) {
	seen := map[string]bool{}
	for _, s := range p.Sets {
		switch {
		case s.UniqueID == "":
			r.breach(RuleUnique, s.Folder, "the submission set has no uniqueId")
		case seen[s.UniqueID]:
			r.breach(RuleUnique, s.Folder, "two submission sets have the same uniqueId")
		}
		seen[s.UniqueID] = true
	}
}

func (r *reader) recipients(p *Package, address string) {
	if address == "" {
		return
	}
	for _, s := range p.Sets {
		named, found := false, false
		for _, to := range s.Recipients {
			named = named || to.Direct() != ""
			found = found || strings.EqualFold(to.Direct(), address)
		}
		if named && !found {
			r.breach(RuleRecipient, s.Folder, "the recipient of the envelope is not one that the package is meant for")
		}
	}
}

// patients compares what the entries of each set say of the patient.
func (r *reader) patients(p *Package) {
	for _, s := range p.Sets {
		var first Patient
		for _, d := range s.Documents {
			who := d.Patient()
			if first.empty() {
				first = who
			} else if len(first.Differs(who)) > 0 {
				r.breach(RulePatient, s.Folder, "sourcePatientInfo differs between documents")
				break
			}
		}
	}
}
