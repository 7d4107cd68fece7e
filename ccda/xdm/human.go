package xdm

import (
	"fmt"
	"strings"
)

// style is for the screen and for paper: what is for computers alone is not printed.
const style = `body{font-family:Georgia,"Times New Roman",serif;max-width:46em;margin:2em auto;padding:0 1em;color:#1a1a1a;line-height:1.45}
h1{font-size:1.5em;border-bottom:2px solid #2a5d84;padding-bottom:.3em}
h2{font-size:1.25em;margin-top:1.8em}
h3{font-size:1.05em;margin:1.4em 0 .3em;color:#2a5d84}
h4,h5,h6{font-size:1em;margin:1em 0 .2em}
p{margin:.4em 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3em .6em;border-bottom:1px solid #ccc}
.facts th{white-space:nowrap;width:8em;font-weight:normal;color:#555}
.narrative{overflow-wrap:break-word;overflow-x:auto}
.narrative table{font-size:.92em;margin:.4em 0}
.narrative thead th{border-bottom:2px solid #999}
.narrative caption{text-align:left;font-style:italic}
.letter h2{border-bottom:1px solid #2a5d84;padding-bottom:.2em}
pre{font:13px/1.45 monospace;white-space:pre-wrap;border:1px solid #ccc;padding:1em}
.notice{border:2px solid #8a1c1c;padding:.6em 1em;margin:1em 0}
.notice h2,.notice h3{margin-top:.2em;color:#8a1c1c}
.small{color:#555;font-size:.9em}
@page{margin:18mm 16mm}
@media print{.narrative{overflow:visible}body{max-width:none;margin:0;padding:0;font-size:10.5pt}h1,h2,h3,h4{page-break-after:avoid}tr,.notice{page-break-inside:avoid}thead{display:table-header-group}
.files,.small{display:none}a{color:inherit;text-decoration:none}}`

// index writes INDEX.HTM: an XHTML page that a person without any program for C-CDA can start from. It holds patient
// data, as the documents do.
func index(p *Package) []byte {
	var b strings.Builder
	say := func(format string, a ...any) {
		for i, v := range a {
			if s, ok := v.(string); ok {
				a[i] = escapeXML(s)
			}
		}
		fmt.Fprintf(&b, format+"\n", a...)
	}
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML Basic 1.1//EN\" \"http://www.w3.org/TR/xhtml-basic/xhtml-basic11.dtd\">\n")
	b.WriteString("<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\">\n<head>\n")
	b.WriteString("<title>Clinical documents</title>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n<style type=\"text/css\">\n" + style + "\n</style>\n</head>\n<body>\n")
	say("<h1>%s</h1>", either(p.Institution, "Clinical documents"))
	if p.Notice != "" {
		say(`<div class="notice"><h2>Prohibition on redisclosure</h2><p>%s</p></div>`, p.Notice)
	}
	for i := range p.Sets {
		s := &p.Sets[i]
		say("<h2>%s</h2>", either(s.Title, "Documents"))
		b.WriteString("<table class=\"facts\">\n")
		row := func(head, text string) {
			if text != "" {
				say(`<tr><th>%s</th><td>%s</td></tr>`, head, text)
			}
		}
		row("Patient", p.Patient)
		row("From", authorWords(s.Authors))
		row("To", recipientWords(s.Recipients))
		row("Sent", s.Time.UTC().Format("2 January 2006 15:04 UTC"))
		row("Referral number", referralWords(s))
		b.WriteString("</table>\n<div class=\"files\">\n<h2>Files</h2>\n<table>\n<tr><th>Document</th><th>File</th><th>Size</th></tr>\n")
		for _, d := range s.Documents {
			path := "IHE_XDM/" + s.Folder + "/" + d.Name
			say(`<tr><td>%s</td><td><a href="%s">%s</a></td><td>%s</td></tr>`, documentWords(&d), path, d.Name, sizeWords(d.Size))
		}
		b.WriteString("</table>\n</div>\n")
		for _, d := range s.Documents {
			if strings.TrimSpace(d.Page) != "" {
				b.WriteString("<div class=\"letter\">\n" + d.Page + "</div>\n")
			} else if strings.TrimSpace(d.Words) != "" {
				say("<h2>%s</h2>", documentWords(&d))
				b.WriteString("<pre>" + lines(d.Words) + "</pre>\n")
			}
		}
	}
	say(`<p class="small">A program for clinical documents reads this package by itself. By hand: open the files above; text and PDF open in any reader. About this package: <a href="README.TXT">README.TXT</a>.</p>`)
	b.WriteString("</body>\n</html>\n")
	return []byte(b.String())
}

// lines escapes each line of a text; its line ends stay.
func lines(s string) string {
	list := strings.Split(strings.TrimSpace(s), "\n")
	for i := range list {
		list[i] = escapeXML(list[i])
	}
	return strings.Join(list, "\n")
}

func either(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}

func documentWords(d *Document) string {
	s := either(d.Title, either(d.Type.Display, d.Format.Display))
	if d.MimeType == MimeV2 {
		return either(s, "Message") + " (for the computer)"
	}
	return either(s, d.MimeType)
}

func sizeWords(n int) string {
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d kB", (n+500)/1000)
}

func authorWords(list []Author) string {
	var out []string
	for _, a := range list {
		parts := []string{xcnWords(a.Person)}
		for _, i := range a.Institutions {
			parts = append(parts, unescape(strings.Split(i, "^")[0]))
		}
		parts = append(parts, a.Direct())
		out = append(out, joined(parts))
	}
	return joined(out)
}

func recipientWords(list []Recipient) string {
	var out []string
	for _, r := range list {
		out = append(out, joined([]string{xcnWords(r.Person), unescape(strings.Split(r.Organization, "^")[0]), r.Direct()}))
	}
	return joined(out)
}

func joined(parts []string) string {
	keep := parts[:0:0]
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			keep = append(keep, p)
		}
	}
	return strings.Join(keep, ", ")
}

// xcnWords turns an XCN into "Given Family Suffix".
func xcnWords(s string) string {
	f := append(strings.Split(s, "^"), "", "", "", "", "")
	return strings.Join(strings.Fields(unescape(f[2]+" "+f[1]+" "+f[4])), " ")
}

func referralWords(s *SubmissionSet) string {
	for _, d := range s.Documents {
		for _, r := range d.References {
			if r.Type == RefReferral {
				return r.ID.Value + " (" + r.ID.Authority + ")"
			}
		}
	}
	return ""
}

// readme writes README.TXT: who made the package and how it is laid out; nothing about its content.
func readme(p *Package) []byte {
	lines := []string{"This package holds clinical documents in the IHE XDM format.", ""}
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, name+": "+strings.Join(strings.Fields(value), " "))
		}
	}
	add("Institution", p.Institution)
	add("Contact", p.Contact)
	add("Application", strings.TrimSpace(p.Application+" "+p.Version))
	add("Vendor contact", p.VendorContact)
	lines = append(lines, "", "Layout:", "INDEX.HTM                start here with a browser", "README.TXT               this file",
		"IHE_XDM/                 one folder for each set of documents", "IHE_XDM/<set>/METADATA.XML  description of the set for programs",
		"IHE_XDM/<set>/...        the documents", "")
	return []byte(strings.Join(lines, "\r\n"))
}
