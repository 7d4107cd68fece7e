package fax

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"refloop/channels"
	"refloop/channels/folder"
	"refloop/fax"
)

// SenderDeps is what a sender needs from outside. Now and Log must be set.
type SenderDeps struct {
	Name string  // partner and rail as in the YAML file: lakeside-cardiology/fax
	Dir  string  // folder for what is under way; not used by the way folder
	Draw *Drawer // draws PDF documents that are to be attached; nil: a fax with such a document fails
	Now  func() time.Time
	Log  *slog.Logger
}

// Sender hands faxes over and waits for what became of them. It implements channels.Sender and channels.Watcher. Make it with [NewSender].
//
// One small file for each fax that is out, without patient data, tells a repeated attempt from a new one, so that no fax goes out twice,
// and how many pages must be confirmed: in the folder Dir, of an outbox in its own folder ".sent".
type Sender struct {
	cfg    RailConfig
	d      SenderDeps
	ledger *ledger
	http   *http.Client // of an HTTP gateway
}

// NewSender makes a sender of a configuration. It touches nothing but the files that the configuration names.
func NewSender(cfg RailConfig, d SenderDeps) (*Sender, error) {
	s := &Sender{cfg: cfg, d: d, ledger: &ledger{dir: d.Dir}}
	if cfg.HTTP != nil {
		var err error
		if s.http, err = cfg.HTTP.client(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// job is the <delivery>.json that a gateway reads.
type job struct {
	ReferralID string `json:"referral_id"`
	DeliveryID string `json:"delivery_id"`
	To         string `json:"to"`
	Pages      int    `json:"pages"`
	SHA256     string `json:"sha256"` // of the TIFF
}

// sent is the file kept in ".sent".
type sent struct {
	Rail    string    `json:"rail"`
	Attempt int       `json:"attempt"`
	Pages   int       `json:"pages"`
	SHA256  string    `json:"sha256"`
	At      time.Time `json:"at"`
}

const sentDir = ".sent"

// Pack draws the pages: the letter among the parts, then images and PDF documents as attached pages. It gives TIFF-F.
func (s *Sender) Pack(ctx context.Context, ship channels.Shipment) (channels.Packed, error) {
	var letter fax.Letter
	var attached []*fax.Page
	for _, part := range ship.Parts {
		switch part.Kind {
		case channels.KindLetter:
			if err := json.Unmarshal(part.Body, &letter); err != nil {
				return channels.Packed{}, fmt.Errorf("fax: letter of %d bytes: got other JSON, want fax.Letter", len(part.Body))
			}
		case channels.KindImage, channels.KindPDF:
			pages, err := s.pages(ctx, part.Body)
			if err != nil {
				return channels.Packed{}, err
			}
			attached = append(attached, pages...)
		}
	}
	s.fillCover(&letter, ship)
	images, err := letter.Draw(attached...)
	if err != nil {
		return channels.Packed{}, err
	}
	if len(images) > s.cfg.Pages {
		return channels.Packed{}, fmt.Errorf("fax: got %d pages, want at most %d; send less or raise max_pages of the rail", len(images), s.cfg.Pages)
	}
	body, err := fax.EncodeTIFF(images)
	if err != nil {
		return channels.Packed{}, err
	}
	if most := int(s.cfg.Bytes); most > 0 && len(body) > most {
		return channels.Packed{}, fmt.Errorf("fax: got %d pages of %d bytes, want at most %d; send less or raise max_bytes of the rail", len(images), len(body), most)
	}
	return channels.Packed{Type: channels.Fax, ContentType: "image/tiff", ControlID: ship.ControlID, Recipient: ship.Address, Body: body}, nil
}

// fillCover adds what the letter leaves to the rail.
func (s *Sender) fillCover(l *fax.Letter, ship channels.Shipment) {
	if l.Cover.To.Organization == "" && l.Cover.To.Name == "" {
		l.Cover.To.Organization = ship.Recipient
	}
	if l.Cover.To.Fax == "" {
		l.Cover.To.Fax = ship.Address
	}
	if l.Cover.Date == "" {
		l.Cover.Date = ship.At.Format("January 2, 2006")
	}
	if l.Referral == "" {
		l.Referral = ship.ReferralID
	}
	if l.CopyOf == "" && ship.CopyOf != "" {
		l.CopyOf = "The first one went by " + ship.CopyOf + "."
	}
	l.Part2 = l.Part2 || ship.Restricted
}

// pages reads a document that is to be attached.
func (s *Sender) pages(ctx context.Context, body []byte) ([]*fax.Page, error) {
	doc, err := fax.Open(body, fax.Limits{Pages: s.cfg.Pages})
	if err != nil {
		return nil, err
	}
	var list []*fax.Page
	for p, err := range doc.Pages() {
		if err != nil {
			return nil, err
		}
		if p.NeedsDrawing {
			if s.d.Draw == nil {
				return nil, errors.New("fax: attached PDF: got a page that must be drawn and no way to draw it, want a PDF of images")
			}
			if p, err = s.d.Draw.Page(ctx, body, len(list)+1); err != nil {
				return nil, err
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// plainID is what a delivery ID must look like to be a file name.
var plainID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`)

// Send hands one fax over. The receipt says sent: what becomes of the pages comes later, see Watch. An attempt that was made before a crash
// is not made again.
func (s *Sender) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if s.cfg.Verified.IsZero() {
		return channels.Receipt{}, s.refuse(true, "unverified", errors.New("fax: the number is not verified, want verified: with the day on which somebody made sure that it is this partner's"))
	}
	if !plainID.MatchString(o.DeliveryID) {
		return channels.Receipt{}, s.refuse(true, "", fmt.Errorf("fax: delivery ID of %d characters: got one that is no file name, want letters, digits and hyphens", len(o.DeliveryID)))
	}
	doc, err := fax.Open(o.Body, fax.Limits{})
	if err != nil {
		return channels.Receipt{}, s.refuse(true, "", err)
	}
	switch {
	case s.cfg.Hyla != nil:
		return s.sendHyla(ctx, o, doc.Len())
	case s.cfg.Mail != nil:
		return s.sendMail(ctx, o, doc.Len())
	case s.cfg.HTTP != nil:
		return s.sendHTTP(ctx, o, doc.Len())
	}
	return s.sendFolder(o, doc.Len())
}

// out is the receipt of a fax that was handed over.
func (s *Sender) out(o channels.Outbound, text string) channels.Receipt {
	return channels.Receipt{DeliveryID: o.DeliveryID, ControlID: o.ControlID, Recipient: o.Address, Level: channels.LevelSent, At: s.d.Now().UTC(), Text: text}
}

// sendFolder writes <delivery>.tif and then <delivery>.json into the outbox, each whole or not at all.
func (s *Sender) sendFolder(o channels.Outbound, pages int) (channels.Receipt, error) {
	sum := sha256.Sum256(o.Body)
	mark := sent{Rail: s.d.Name, Attempt: o.Attempt, Pages: pages, SHA256: hex.EncodeToString(sum[:]), At: s.d.Now().UTC()}
	if earlier, ok := s.marked(o.DeliveryID); ok && (o.Unsure || earlier.Attempt >= o.Attempt) && earlier.SHA256 == mark.SHA256 && !s.halfWritten(o.DeliveryID) {
		return s.out(o, "it was put into the outbox before"), nil
	}
	if err := s.write(o, mark); err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	return s.out(o, fmt.Sprintf("%d pages put into the outbox", mark.Pages)), nil
}

// write puts the fax into the outbox: the pages, the mark, and last the job file, which is what the gateway waits for.
func (s *Sender) write(o channels.Outbound, mark sent) error {
	dir := string(s.cfg.Folder)
	if err := os.MkdirAll(filepath.Join(dir, sentDir), 0o700); err != nil {
		return fmt.Errorf("fax: outbox: %w", err)
	}
	b, err := json.Marshal(job{ReferralID: o.ReferralID, DeliveryID: o.DeliveryID, To: o.Address, Pages: mark.Pages, SHA256: mark.SHA256})
	if err != nil {
		return err
	}
	m, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	if err := folder.Write(dir, o.DeliveryID+".tif", o.Body); err != nil {
		return err
	}
	if err := folder.Write(filepath.Join(dir, sentDir), o.DeliveryID, append(m, '\n')); err != nil {
		return err
	}
	return folder.Write(dir, o.DeliveryID+".json", append(b, '\n'))
}

// halfWritten tells whether the pages of a marked fax are there without their job: a crash came between. When both are gone, the
// gateway has taken them.
func (s *Sender) halfWritten(id string) bool {
	dir := string(s.cfg.Folder)
	_, pages := os.Lstat(filepath.Join(dir, id+".tif"))
	_, jobFile := os.Lstat(filepath.Join(dir, id+".json"))
	return pages == nil && errors.Is(jobFile, os.ErrNotExist)
}

// marked reads the mark of a fax that is out.
func (s *Sender) marked(id string) (sent, bool) {
	var m sent
	b, err := os.ReadFile(filepath.Join(string(s.cfg.Folder), sentDir, id))
	if err != nil || json.Unmarshal(b, &m) != nil {
		return sent{}, false
	}
	return m, true
}

func (s *Sender) refuse(permanent bool, code string, err error) error {
	return &channels.DeliveryError{Rail: s.d.Name, Permanent: permanent, Code: code, Err: err}
}
