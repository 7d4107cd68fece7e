package xdm

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"
)

// readSet reads one METADATA.XML and finds its documents.
func (r *reader) readSet(m *file) (SubmissionSet, error) {
	m.used = true
	if int64(len(m.data)) > r.limits.Metadata {
		return SubmissionSet{}, fmt.Errorf("%w: %s has %d bytes, want at most %d", ErrTooLarge, m.path, len(m.data), r.limits.Metadata)
	}
	root, err := parse(m.data)
	if err != nil {
		return SubmissionSet{}, fmt.Errorf("xdm: reading: %s: %w", m.path, err)
	}
	folder := m.folder
	set := SubmissionSet{Folder: path.Base(folder)}
	if strings.Contains(root.space, ":2.") || root.find("LeafRegistryObjectList") != nil {
		r.warn(m.path, "the metadata is in ebRIM 2.1, not 3.0")
	}
	if n := r.fillSet(&set, root, m.path); n != 1 {
		r.warn(m.path, "%d submission sets, want one", n)
	}
	members := root.members()
	for _, x := range root.all("ExtrinsicObject") {
		d, err := r.readDocument(x, folder, m.path)
		if err != nil {
			return SubmissionSet{}, err
		}
		if len(members) > 0 && !members[d.ID] {
			r.warn(m.path, "a document entry has no HasMember association")
		}
		if set.PatientID.Value != "" && d.PatientID.Value != "" && d.PatientID != set.PatientID {
			r.breach(RulePatient, m.path, "a document entry names another patientId than its set")
		}
		if d.Path == "" && len(d.Data) == 0 {
			continue // said by readDocument
		}
		set.Documents = append(set.Documents, d)
	}
	if len(set.Documents) == 0 {
		r.warn(m.path, "no document entry with a file")
	}
	return set, nil
}

// members gives the ids that HasMember associations point at. The URN is left out by some senders.
func (x *node) members() map[string]bool {
	out := map[string]bool{}
	for _, a := range x.all("Association") {
		if strings.HasSuffix(a.attr("associationType"), "HasMember") {
			out[a.attr("targetObject")] = true
		}
	}
	return out
}

// fillSet reads the RegistryPackage that is the submission set, and says how many there were.
func (r *reader) fillSet(s *SubmissionSet, root *node, at string) int {
	marked := map[string]bool{}
	for _, c := range root.all("Classification") {
		if sameURN(c.attr("classificationNode"), nodeSet) {
			marked[c.attr("classifiedObject")] = true
		}
	}
	n := 0
	for _, x := range root.all("RegistryPackage") {
		if id := x.attr("id"); len(marked) > 0 && !marked[id] && x.identifier(setUnique) == "" {
			continue // a folder
		}
		if n++; n > 1 {
			continue
		}
		s.ID, s.Title, s.Comments = x.attr("id"), x.localized("Name"), x.localized("Description")
		s.UniqueID, s.SourceID = x.identifier(setUnique), x.identifier(setSource)
		s.PatientID = r.patient(x.identifier(setPatient), at)
		s.Time = readTime(first(x.slot("submissionTime")))
		s.ContentType = first(x.codes(setContent))
		s.Authors = x.authors(setAuthor)
		s.Limited = x.limited(setLimited)
		for _, v := range x.slot("intendedRecipient") {
			f := append(strings.SplitN(v, "|", 3), "", "")
			s.Recipients = append(s.Recipients, Recipient{Organization: f[0], Person: f[1], Telecom: f[2]})
		}
	}
	if s.SourceID != "" && !oid(strings.TrimPrefix(s.SourceID, "urn:oid:")) {
		r.warn(at, "sourceId is not an OID")
	}
	return n
}

// patient reads a patient identifier and says when its ampersands were escaped twice.
func (r *reader) patient(s, at string) ID {
	if strings.Contains(s, "&amp;") {
		r.warn(at, "an ampersand of the patientId is escaped twice")
	}
	return ParseID(s)
}

func readTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{dtm, "200601021504", "2006010215", "20060102", "200601", "2006"} {
		if len(s) == len(layout) {
			if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

func (r *reader) readDocument(x *node, folder, at string) (Document, error) {
	d := Document{ID: x.attr("id"), MimeType: x.attr("mimeType"), Title: x.localized("Name"), Comments: x.localized("Description"),
		UniqueID: x.identifier(docUnique), PatientID: r.patient(x.identifier(docPatient), at), SourceID: ParseID(first(x.slot("sourcePatientId"))),
		Class: first(x.codes(docClass)), Type: first(x.codes(docType)), Format: first(x.codes(docFormat)), Facility: first(x.codes(docFacility)),
		Practice: first(x.codes(docPractice)), Privacy: x.codes(docPrivacy), Events: x.codes(docEvent), Authors: x.authors(docAuthor),
		Created: first(x.slot("creationTime")), Start: first(x.slot("serviceStartTime")), Stop: first(x.slot("serviceStopTime")),
		Language: first(x.slot("languageCode")), Signer: first(x.slot("legalAuthenticator")), PatientInfo: x.slot("sourcePatientInfo"), Limited: x.limited(docLimited)}
	for _, v := range x.slot(slotReferences) {
		f := strings.Split(strings.ReplaceAll(v, "&amp;", "&"), "^")
		ref := Reference{ID: ParseID(v)}
		if len(f) > 4 {
			ref.Type = f[4]
		}
		d.References = append(d.References, ref)
	}
	uri := joinURI(x.slot("URI"))
	f := r.locate(folder, uri, first(x.slot("hash")))
	if f == nil {
		r.warn(at, "a document entry names a file that is not in the package")
		d.Name = path.Base(uri)
		return d, nil
	}
	if uri == "" {
		r.breach(RuleHash, at, "a document entry has no URI: matched by what is left")
	} else if !strings.HasSuffix(f.path, uri) {
		r.breach(RuleName, f.path, "the URI has another case or folder than the file")
	}
	f.used = true
	d.Name, d.Path, d.Data, d.Size = path.Base(f.path), f.path, f.data, len(f.data)
	if d.MimeType == "" {
		d.MimeType = sniff(f)
	}
	return d, r.verify(&d, x)
}

// verify compares hash and size. A size that differs although the hash agrees is only said.
func (r *reader) verify(d *Document, x *node) error {
	sum := sha1.Sum(d.Data)
	d.Hash = hex.EncodeToString(sum[:])
	want, size := first(x.slot("hash")), first(x.slot("size"))
	if want != "" && !strings.EqualFold(want, d.Hash) {
		return &HashError{File: d.Path, Want: strings.ToLower(want), Got: d.Hash}
	}
	if want == "" {
		r.breach(RuleHash, d.Path, "the metadata has no hash")
	}
	switch n, err := strconv.Atoi(size); {
	case size == "":
		r.breach(RuleHash, d.Path, "the metadata has no size")
	case err != nil || n != len(d.Data):
		r.breach(RuleHash, d.Path, "the metadata gives another size than the file's %d bytes", len(d.Data))
	}
	return nil
}

// joinURI puts together what old writers split as "1|...", "2|...".
func joinURI(values []string) string {
	if len(values) < 2 {
		return strings.TrimPrefix(first(values), "1|")
	}
	parts := append([]string(nil), values...)
	sort.Strings(parts)
	var b strings.Builder
	for _, p := range parts {
		if i := strings.IndexByte(p, '|'); i >= 0 {
			p = p[i+1:]
		}
		b.WriteString(p)
	}
	return b.String()
}

// locate finds the file of a document entry: by URI relative to the metadata's folder, by the same name anywhere near,
// by hash, and when there is no URI, by being the only file in the folder that nothing names.
func (r *reader) locate(folder, uri, hash string) *file {
	uri = strings.ReplaceAll(uri, `\`, "/")
	if uri != "" && !strings.HasPrefix(uri, "/") {
		key := strings.ToUpper(path.Join(folder, uri))
		if f := r.files[key]; f != nil {
			return f
		}
		for _, k := range []string{strings.ToUpper(folder + path.Base(uri)), strings.ToUpper(path.Base(uri))} {
			if f := r.files[k]; f != nil && !f.used {
				return f
			}
		}
	}
	var candidates []*file
	for _, key := range r.order {
		f := r.files[key]
		base := path.Base(key)
		if f.used || base == "METADATA.XML" || base == "INDEX.HTM" || base == "README.TXT" || stylesheet(base) || !strings.HasPrefix(key, strings.ToUpper(folder)) {
			continue
		}
		if sum := sha1.Sum(f.data); hash != "" && strings.EqualFold(hash, hex.EncodeToString(sum[:])) {
			return f
		}
		candidates = append(candidates, f)
	}
	if len(candidates) == 1 && (uri == "" || strings.EqualFold(stem(uri), stem(candidates[0].path))) {
		return candidates[0]
	}
	return nil
}

func stem(s string) string {
	s = path.Base(s)
	return strings.TrimSuffix(s, path.Ext(s))
}

func first[T any](list []T) T {
	var zero T
	if len(list) == 0 {
		return zero
	}
	return list[0]
}
