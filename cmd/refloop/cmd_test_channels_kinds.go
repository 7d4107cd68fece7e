package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/direct"
	"refloop/transform"
)

// sampleEndings are the files that stand beside a channel, by its type.
func sampleEndings(kind string) []string {
	return map[string][]string{
		channels.MLLP:   {".hl7"},
		channels.File:   {".hl7", ".xml", ".json", ".txt", ".pdf"},
		channels.Direct: {".eml", ".zip", ".xml", ".hl7"},
		channels.Fax:    {".tif", ".tiff", ".pdf", ".png", ".jpg"},
	}[kind]
}

// sampleFile is one sample beside a channel.
type sampleFile struct{ path, name, end string } // name without ending

func (f sampleFile) want() string  { return strings.TrimSuffix(f.path, f.end) + wantEnd }
func (f sampleFile) words() string { return strings.TrimSuffix(f.path, f.end) + wordsEnd }

// runSample takes a sample as its channel would, up to what would be sent. Of a fax the words are read once, with update, and kept beside it: so a
// test needs no reading, and shows what a change of a rule changes and nothing else.
func (d dryRoom) runSample(f sampleFile, update bool) (dryResult, error) {
	body, err := readBounded(f.path, maxSendFile)
	if err != nil {
		return dryResult{}, err
	}
	if d.cfg.Type == channels.MLLP || d.cfg.Type == channels.File && f.end == sampleEnd {
		return d.run(body)
	}
	a := channels.Archived{ID: dryMessage, Channel: d.cfg.Name, Partner: d.cfg.Partner, Peer: "dry run", Type: d.cfg.Type, ReceivedAt: dryTime, Body: body}
	var opened channels.Opened
	switch d.cfg.Type {
	case channels.Direct:
		opened, err = direct.OpenSample(body)
	case channels.Fax:
		if a.Evidence, err = d.wordsOf(f, a, update); err != nil {
			return dryResult{}, err
		}
		fallthrough
	default:
		var rail channels.Channel
		if rail, err = d.open(deps{ocr: &ocrRoom{}}); err == nil {
			opened, err = rail.Open(a)
		}
	}
	if err != nil {
		return dryResult{}, err
	}
	a.Sender, a.ControlID = opened.Sender, opened.ControlID
	return d.decoded(a, opened), nil
}

// open opens the channel without running it.
func (d dryRoom) open(dp deps) (channels.Channel, error) {
	dp.max, dp.now, dp.log = maxSendFile, func() time.Time { return dryTime }, slog.New(slog.DiscardHandler)
	i := slices.IndexFunc(d.pl.channels, func(c plannedChannel) bool { return c.name == d.cfg.Name })
	return d.pl.channels[i].open(dp)
}

// wordsOf are the words of a fax: those kept beside it, or read now.
func (d dryRoom) wordsOf(f sampleFile, a channels.Archived, update bool) ([]byte, error) {
	words, err := readBounded(f.words(), maxSendFile)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return words, err
	}
	if !update {
		return nil, fmt.Errorf("%s is missing; refloop test --update reads the pages and writes it", filepath.Base(f.words()))
	}
	reader, err := openOCR(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer reader.close()
	rail, err := d.open(deps{ocr: reader})
	if err != nil {
		return nil, err
	}
	p, ok := rail.(channels.Preparer)
	if !ok {
		return nil, fmt.Errorf("test: channel %s: got one that reads no pages, want a fax channel", d.cfg.Name)
	}
	if words, err = p.Prepare(context.Background(), a); err != nil {
		return nil, err
	}
	return words, os.WriteFile(f.words(), words, 0o600)
}

// decoded takes an opened message to the end.
func (d dryRoom) decoded(a channels.Archived, opened channels.Opened) dryResult {
	var out dryResult
	out.decoded = transform.Decode(transform.Source{Message: a, Opened: opened, Channel: d.rules, Directory: d.pl.directory, Watch: d.watch})
	if opened.Hold != "" && out.decoded.Hold == "" {
		out.decoded.Hold = opened.Hold
	}
	d.followAll(&out)
	return out
}

// followAll follows every fact of a message that counts.
func (d dryRoom) followAll(out *dryResult) {
	if out.decoded.Verdict != channels.Taken || out.decoded.Ignore != "" || out.decoded.Hold != "" {
		return
	}
	for i := range out.decoded.Facts {
		out.facts = append(out.facts, d.follow(out.decoded, i))
	}
}

// traceable refuses what trace cannot show field by field, and says what shows it.
func traceable(d dryRoom, body []byte) error {
	var instead string
	head := strings.TrimSpace(string(body[:min(len(body), 64)]))
	switch {
	case d.cfg.Type == channels.Fax:
		instead = "refloop fax read FILE shows what is read"
	case len(body) > 1 && body[0] == 'P' && body[1] == 'K':
		instead = "refloop xdm list FILE and refloop xdm unpack FILE show a package"
	case d.cfg.Type == channels.Direct && !strings.HasPrefix(head, "MSH") && !strings.HasPrefix(head, "<"):
		instead = "refloop direct inspect FILE shows a mail"
	case strings.Contains(string(body[:min(len(body), 4096)]), "<ClinicalDocument"):
		instead = "refloop ccda read FILE shows a document"
	default:
		return nil
	}
	return usageError{fmt.Errorf("trace: got something that has no HL7 v2 fields, want an HL7 v2 message; %s, and refloop test what channel %s makes of it: put it into %s",
		instead, d.cfg.Name, filepath.Base(samplesDir(d.cfg)))}
}
