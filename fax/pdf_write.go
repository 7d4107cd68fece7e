package fax

import (
	"bytes"
	"fmt"
)

// EncodePDF writes pages as a PDF with one T.6 image a page, for readers that take no TIFF; the file is hardly larger than the
// TIFF. The same pages always give the same bytes: it carries no date. It fails only when there are no pages.
func EncodePDF(pages []*Bitmap) ([]byte, error) {
	if len(pages) == 0 || len(pages) > maxPagesOut {
		return nil, errNoPages
	}
	var w bytes.Buffer
	var offsets []int
	object := func(body string, stream []byte) {
		offsets = append(offsets, w.Len())
		fmt.Fprintf(&w, "%d 0 obj\n%s\n", len(offsets), body)
		if stream != nil {
			w.WriteString("stream\n")
			w.Write(stream)
			w.WriteString("\nendstream\n")
		}
		w.WriteString("endobj\n")
	}
	w.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>", nil)
	var kids bytes.Buffer
	for n := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 4+3*n)
	}
	object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [ %s] >>", len(pages), kids.Bytes()), nil)
	object("<< /Producer ("+Software+") >>", nil)
	for n, m := range pages {
		width, height := float64(m.Width)*72/FineX, float64(m.Height)*72/FineY
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << /XObject << /P %d 0 R >> >> >>",
			width, height, 5+3*n, 6+3*n), nil)
		draw := fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /P Do Q", width, height)
		object(fmt.Sprintf("<< /Length %d >>", len(draw)), []byte(draw))
		data := EncodeG4(m)
		object(fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode "+
			"/DecodeParms << /K -1 /Columns %d /Rows %d >> /Length %d >>", m.Width, m.Height, m.Width, m.Height, len(data)), data)
	}
	start := w.Len()
	fmt.Fprintf(&w, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&w, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&w, "trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return w.Bytes(), nil
}
