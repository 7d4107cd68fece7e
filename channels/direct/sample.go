package direct

import (
	"bytes"

	"refloop/channels"
	"refloop/direct"
)

// OpenSample opens a mail as it lies inside its envelope, without signature and encryption, or a package (ZIP) or a document alone, as Open does
// once trust is settled. It is pure and needs no keys: it is for trying what a configuration makes of a content, never for mail off the wire.
func OpenSample(body []byte) (channels.Opened, error) {
	out := channels.Opened{Type: TypeMail}
	m := direct.Mail{Parts: []direct.Part{{Path: "1", Type: "application/octet-stream", Disposition: "attachment", Body: body}}}
	head := bytes.TrimLeft(bytes.TrimPrefix(body[:min(len(body), 64)], []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(body, []byte("PK\x03\x04")):
	case bytes.HasPrefix(head, []byte("<")), bytes.HasPrefix(head, []byte("MSH")):
	default:
		var err error
		if m, err = direct.ReadMail(body, direct.Limits{}); err != nil {
			return channels.Opened{}, err
		}
		out.Sender, _ = m.From()
		out.ControlID, out.Warnings = m.MessageID(), m.Warnings
	}
	(&Agent{}).openParts(&out, &m)
	return out, nil
}
