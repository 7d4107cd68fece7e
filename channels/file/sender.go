package file

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"refloop/channels"
	"refloop/channels/folder"
)

// SenderDeps is what a sender needs from outside. Now and Log must be set.
type SenderDeps struct {
	Name string // partner and rail as in the YAML file: northside-files/file
	Now  func() time.Time
	Log  *slog.Logger
}

// Sender writes the files of a referral into a folder. It implements channels.Sender. Make it with [NewSender].
type Sender struct {
	cfg RailConfig
	d   SenderDeps
}

// NewSender makes a sender of a configuration. It touches nothing.
func NewSender(cfg RailConfig, d SenderDeps) *Sender { return &Sender{cfg: cfg, d: d} }

const (
	maxFiles = 500
	maxBytes = 512 << 20 // of one delivery, unpacked
)

// plain is what becomes part of a file name.
var plain = regexp.MustCompile(`[^0-9A-Za-z_-]+`)

// Pack puts the parts that body: asks for into one zip archive without compression, which is what is archived and sent; Send takes it
// apart. Names are <referral>-<event>-<time>.<extension>, with -2, -3 before the dot when there are several of a kind. The JSON comes last: who
// waits for it finds the rest complete.
func (s *Sender) Pack(_ context.Context, ship channels.Shipment) (channels.Packed, error) {
	parts := slices.Clone(ship.Parts)
	slices.SortStableFunc(parts, func(a, b channels.Part) int { return rank(a) - rank(b) })
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	stem := plain.ReplaceAllString(ship.ReferralID, "-") + "-" + plain.ReplaceAllString(ship.Event, "-") + "-" + ship.At.UTC().Format("20060102T150405Z")
	used := map[string]int{}
	count := 0
	for _, p := range parts {
		if !s.wanted(p) {
			continue
		}
		name := stem
		extension := extensionOf(p)
		if used[extension]++; used[extension] > 1 {
			name += "-" + strconv.Itoa(used[extension])
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name + extension, Method: zip.Store, Modified: ship.At.UTC().Truncate(2 * time.Second)})
		if err == nil {
			_, err = w.Write(p.Body)
		}
		if err != nil {
			return channels.Packed{}, fmt.Errorf("file: packing %d parts: %w", len(parts), err)
		}
		count++
	}
	if err := z.Close(); err != nil {
		return channels.Packed{}, fmt.Errorf("file: packing %d parts: %w", len(parts), err)
	}
	if count == 0 || count > maxFiles {
		return channels.Packed{}, fmt.Errorf("file: got %d parts that body: asks for, want 1 to %d", count, maxFiles)
	}
	return channels.Packed{Type: channels.File, ContentType: "application/zip", ControlID: ship.ControlID, Recipient: ship.Address, Body: out.Bytes()}, nil
}

// rank puts the JSON behind everything else.
func rank(p channels.Part) int {
	if p.Kind == channels.KindJSON {
		return 1
	}
	return 0
}

// wanted tells whether body: asks for a part. Papers of other kinds go where PDFs go: they belong to the chart.
func (s *Sender) wanted(p channels.Part) bool {
	word := "pdf"
	switch p.Kind {
	case channels.KindCDA:
		word = "cda"
	case channels.KindJSON:
		word = "json"
	case channels.KindFields, channels.KindLetter:
		return false
	}
	return len(s.cfg.Body) == 0 || slices.Contains(s.cfg.Body, word)
}

func extensionOf(p channels.Part) string {
	switch p.Kind {
	case channels.KindCDA:
		return ".xml"
	case channels.KindJSON:
		return ".json"
	case channels.KindPDF:
		return ".pdf"
	case channels.KindText:
		return ".txt"
	case channels.KindHL7:
		return ".hl7"
	}
	switch p.ContentType {
	case "application/pdf":
		return ".pdf"
	case "image/tiff":
		return ".tif"
	case "image/png":
		return ".png"
	case "image/jpeg":
		return ".jpg"
	}
	return ".bin"
}

// Send writes the files, each whole or not at all and synced. Writing them again gives the same files. The receipt says delivered: they
// are where the partner's program looks for them; whether it took them is not known, so the grade is D.
func (s *Sender) Send(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
	files, err := unpack(o.Body)
	if err != nil {
		return channels.Receipt{}, &channels.DeliveryError{Rail: s.d.Name, Permanent: true, Err: err}
	}
	dir := string(s.cfg.Folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return channels.Receipt{}, &channels.DeliveryError{Rail: s.d.Name, Err: fmt.Errorf("file: %w", err)}
	}
	for _, f := range files {
		if err := folder.Write(dir, f.name, f.body); err != nil {
			return channels.Receipt{}, &channels.DeliveryError{Rail: s.d.Name, Err: err}
		}
	}
	return channels.Receipt{
		DeliveryID: o.DeliveryID, ControlID: o.ControlID, Recipient: o.Address, Level: channels.LevelDelivered, Code: "written", Grade: "D",
		Text: fmt.Sprintf("%d files written", len(files)), At: s.d.Now().UTC(),
	}, nil
}

type named struct {
	name string
	body []byte
}

var errArchive = errors.New("file: archive of a delivery: got something else, want what Pack made")

// unpack reads what Pack made. It comes back from our own archive, but limits cost nothing.
func unpack(b []byte) ([]named, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) == 0 || len(z.File) > maxFiles {
		return nil, errArchive
	}
	var list []named
	total := 0
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, errArchive
		}
		body, err := io.ReadAll(io.LimitReader(r, int64(maxBytes-total+1)))
		r.Close()
		if total += len(body); err != nil || total > maxBytes {
			return nil, errArchive
		}
		list = append(list, named{f.Name, body})
	}
	return list, nil
}
