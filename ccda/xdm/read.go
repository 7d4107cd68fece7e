package xdm

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
)

// Limits bound what Read takes. A zero field means the default in brackets.
type Limits struct {
	Bytes     int64 // of the ZIP [64 MiB]
	Files     int   // entries, folders included [1000]
	FileBytes int64 // of one file, inflated [48 MiB]
	Total     int64 // of all files, inflated [128 MiB]
	Ratio     int64 // inflated to packed, of files over 1 MiB [200]
	Metadata  int64 // of one METADATA.XML, inflated [8 MiB]
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Bytes, 64<<20)
	set(&l.FileBytes, 48<<20)
	set(&l.Total, 128<<20)
	set(&l.Ratio, 200)
	set(&l.Metadata, 8<<20)
	if l.Files <= 0 {
		l.Files = 1000
	}
	return l
}

// Errors of Read that a caller may branch on.
var (
	ErrNotZip   = errors.New("xdm: reading: not a zip file")
	ErrTooLarge = errors.New("xdm: reading: over a limit")
	ErrUnsafe   = errors.New("xdm: reading: unsafe zip entry")
)

// HashError says that a document is not the one that the metadata describes. It names both hashes (SHA-1, hex).
type HashError struct {
	File      string // path in the ZIP
	Want, Got string // as METADATA.XML says; of the bytes
}

func (e *HashError) Error() string {
	name := e.File
	if !nameFits(path.Base(name), true) {
		name = "a document in " + path.Dir(name) // free file names may hold a patient's name
	}
	return fmt.Sprintf("xdm: reading: %s: got SHA-1 %s, want %s as its METADATA.XML says; ask the sender to send again", name, e.Got, e.Want)
}

// Warning is something wrong with a package that Read put up with.
type Warning struct {
	Path string // in the ZIP; empty: the whole package
	Text string
	Rule string // one of the rules that Options.Strict makes an error; empty: always put up with
}

func (w Warning) String() string {
	if w.Path == "" {
		return w.Text
	}
	return w.Path + ": " + w.Text
}

// Read opens a package. What senders get wrong and a reader can live with comes back as warnings: missing metadata (the
// documents then are in Package.Loose), names in the wrong case, resource forks of a Mac, ampersands escaped twice, old
// ebRIM. Errors: no ZIP (ErrNotZip), over a limit (ErrTooLarge), entries that leave the folder, clash or are encrypted
// (ErrUnsafe), a document that does not match its hash (*HashError), metadata that is not XML or has a DOCTYPE.
//
// On error the Package is zero. A ZIP without IHE_XDM is not an error: all its files are loose then.
func Read(b []byte, limits Limits) (Package, []Warning, error) {
	return ReadWith(b, Options{Limits: limits})
}

// file is one entry, inflated.
type file struct {
	path   string // with / and as sent
	data   []byte
	used   bool
	folder string // of a METADATA.XML: where its documents are
}

type reader struct {
	limits   Limits
	files    map[string]*file // by upper-case path
	order    []string
	warnings []Warning
}

func (r *reader) warn(at, format string, a ...any) { r.breach("", at, format, a...) }

// breach is a warning that a strict reader takes for an error.
func (r *reader) breach(rule, at, format string, a ...any) {
	r.warnings = append(r.warnings, Warning{Path: at, Text: fmt.Sprintf(format, a...), Rule: rule})
}

// open checks every entry and inflates what is not junk.
func (r *reader) open(b []byte) error {
	if int64(len(b)) > r.limits.Bytes {
		return fmt.Errorf("%w: the zip has %d bytes, want at most %d", ErrTooLarge, len(b), r.limits.Bytes)
	}
	if len(b) < 4 || b[0] != 'P' || b[1] != 'K' {
		return ErrNotZip
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("%w: %v", ErrNotZip, err)
	}
	if len(z.File) > r.limits.Files {
		return fmt.Errorf("%w: %d entries, want at most %d", ErrTooLarge, len(z.File), r.limits.Files)
	}
	total := int64(0)
	for i, f := range z.File {
		name, err := safePath(f.Name)
		if err != nil {
			return fmt.Errorf("%w: entry %d: %v", ErrUnsafe, i+1, err)
		}
		switch {
		case name == "" || strings.HasSuffix(name, "/") || f.Mode().IsDir():
			continue
		case junk(name):
			continue
		case f.Flags&1 != 0:
			return fmt.Errorf("%w: entry %d is encrypted", ErrUnsafe, i+1)
		case !f.Mode().IsRegular():
			return fmt.Errorf("%w: entry %d is a link or device", ErrUnsafe, i+1)
		}
		key := strings.ToUpper(name)
		if r.files[key] != nil {
			return fmt.Errorf("%w: entry %d has the name of another, case apart", ErrUnsafe, i+1)
		}
		data, err := r.inflate(f, i+1, &total)
		if err != nil {
			return err
		}
		r.files[key] = &file{path: name, data: data}
		r.order = append(r.order, key)
	}
	return nil
}

func (r *reader) inflate(f *zip.File, n int, total *int64) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("xdm: reading: entry %d: %w", n, err)
	}
	defer in.Close()
	room := min(r.limits.FileBytes, r.limits.Total-*total)
	if packed := int64(f.CompressedSize64); packed < 1<<40 {
		room = min(room, max(1<<20, packed*r.limits.Ratio))
	}
	var out bytes.Buffer
	got, err := io.Copy(&out, io.LimitReader(in, room+1))
	if got > room {
		return nil, fmt.Errorf("%w: entry %d inflates to more than %d bytes (file %d, total %d, ratio %d)", ErrTooLarge, n, room, r.limits.FileBytes, r.limits.Total, r.limits.Ratio)
	}
	if err != nil {
		return nil, fmt.Errorf("xdm: reading: entry %d: %w", n, err)
	}
	*total += got
	return out.Bytes(), nil
}

// safePath turns a ZIP name into a path below the root, or says why it is none.
func safePath(name string) (string, error) {
	s := strings.ReplaceAll(name, `\`, "/")
	if strings.ContainsRune(s, 0) || len(s) > 1024 {
		return "", fmt.Errorf("got a name of %d bytes with or without NUL, want a plain path", len(s))
	}
	if strings.HasPrefix(s, "/") || len(s) > 1 && s[1] == ':' {
		return "", errors.New("got an absolute path")
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == ".." {
			return "", errors.New("got a path that leaves the package")
		}
	}
	clean := path.Clean(s)
	if clean == "." {
		return "", nil
	}
	if strings.HasSuffix(s, "/") {
		clean += "/"
	}
	return clean, nil
}

// junk says whether an entry is what operating systems and editors leave behind.
func junk(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || strings.EqualFold(part, "__MACOSX") || strings.EqualFold(part, "Thumbs.db") ||
			strings.HasSuffix(strings.ToLower(part), ".swp") || strings.HasSuffix(part, "~") {
			return true
		}
	}
	return false
}

// metadataFiles finds IHE_XDM/<set>/METADATA.XML, at the root or else in the folder that the package was wrapped in.
func (r *reader) metadataFiles() []*file {
	byPrefix := map[string][]*file{}
	var prefixes []string
	for _, key := range r.order {
		parts := strings.Split(key, "/")
		n := len(parts)
		at := n - 3
		switch {
		case n >= 3 && parts[n-1] == "METADATA.XML" && parts[n-3] == "IHE_XDM":
			r.files[key].folder = path.Dir(r.files[key].path)
		case n >= 2 && len(parts[n-1]) > len("METADATA.XML") && strings.HasSuffix(parts[n-1], "METADATA.XML") && parts[n-2] == "IHE_XDM":
			// a widespread writer forgets the slash after SUBSET01, for the documents too
			f := r.files[key]
			f.folder = f.path[:len(f.path)-len("METADATA.XML")]
			at = n - 2
			r.warn(f.path, "the slash after the set's folder is missing")
		default:
			continue
		}
		prefix := strings.Join(parts[:at], "/")
		if byPrefix[prefix] == nil {
			prefixes = append(prefixes, prefix)
		}
		byPrefix[prefix] = append(byPrefix[prefix], r.files[key])
	}
	if len(prefixes) == 0 {
		return nil
	}
	sort.SliceStable(prefixes, func(i, j int) bool {
		return strings.Count(prefixes[i]+"/", "/")+len(prefixes[i]) < strings.Count(prefixes[j]+"/", "/")+len(prefixes[j])
	})
	if prefixes[0] != "" {
		r.warn(prefixes[0], "the package is wrapped in a folder")
	}
	for _, p := range prefixes[1:] {
		r.warn(p, "a second IHE_XDM folder is left aside")
		r.dropBelow(p)
	}
	found := byPrefix[prefixes[0]]
	sort.SliceStable(found, func(i, j int) bool { return strings.ToUpper(found[i].path) < strings.ToUpper(found[j].path) })
	return found
}

// dropBelow takes a second copy of the package out of what counts as loose, when each of its files is elsewhere too.
func (r *reader) dropBelow(prefix string) {
	seen := map[[sha1.Size]byte]bool{}
	for key, f := range r.files {
		if !strings.HasPrefix(key, prefix+"/") {
			seen[sha1.Sum(f.data)] = true
		}
	}
	for key, f := range r.files {
		if strings.HasPrefix(key, prefix+"/") && (seen[sha1.Sum(f.data)] || strings.HasSuffix(key, "/METADATA.XML")) {
			f.used = true
		}
	}
}

// loose gives the files that no metadata describes.
func (r *reader) loose(p *Package) []Document {
	var out []Document
	for _, key := range r.order {
		f := r.files[key]
		base := key[strings.LastIndexByte(key, '/')+1:]
		if f.used || base == "INDEX.HTM" || base == "INDEX.HTML" || base == "README.TXT" || base == "METADATA.XML" || stylesheet(base) {
			continue
		}
		if len(p.Sets) > 0 && !strings.Contains("/"+key, "/IHE_XDM/") {
			continue // ITI-32: an importer leaves other files and folders alone
		}
		if len(p.Sets) > 0 {
			r.warn(f.path, "no metadata describes this file")
		}
		sum := sha1.Sum(f.data)
		out = append(out, Document{Name: path.Base(f.path), Path: f.path, Data: f.data, Size: len(f.data), Hash: hex.EncodeToString(sum[:]), MimeType: sniff(f)})
	}
	return out
}

// stylesheet says whether a file only serves INDEX.HTM or a browser's view of the documents.
func stylesheet(base string) bool {
	return strings.HasSuffix(base, ".XSL") || strings.HasSuffix(base, ".XSLT") || strings.HasSuffix(base, ".CSS")
}

// sniff tells the media type of a file by its first bytes.
func sniff(f *file) string {
	b := bytes.TrimPrefix(f.data, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(b, []byte("%PDF")):
		return MimePDF
	case bytes.HasPrefix(b, []byte("MSH|")):
		return MimeV2
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return "image/tiff"
	case bytes.HasPrefix(b, []byte("\x89PNG")):
		return "image/png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	}
	head := bytes.TrimSpace(b[:min(len(b), 4096)])
	switch {
	case bytes.HasPrefix(head, []byte("<")) && bytes.Contains(bytes.ToLower(head), []byte("<html")):
		return "text/html"
	case bytes.HasPrefix(head, []byte("<")):
		return MimeXML
	}
	if strings.HasSuffix(strings.ToUpper(f.path), ".TXT") {
		return "text/plain"
	}
	return "application/octet-stream"
}
