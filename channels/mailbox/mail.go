package mailbox

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"time"
)

// Mail is one mail as the mailbox holds it.
type Mail struct {
	Body []byte // the bytes as the server gave them; only the header, perhaps nothing, when Why is set. They belong to the taker
	Why  string // why Body is not the whole mail, one of the Why words; empty: it is
	Size int64  // bytes of the whole mail as the server says
	ID   string // the server's own: UIDVALIDITY/UID, or the UIDL
	Via  Via    // over which connection it came
}

// Why a mail is handed over without its content. Such a mail stays in the mailbox whatever `after` says, so that a person can look at it.
const (
	WhyTooLarge   = "over_limit" // larger than Deps.Max
	WhyUnreadable = "unreadable" // the server lists it and gives no content
)

// Via says over which authenticated connection mail came: the evidence of who vouches for it. Its JSON keys are stable.
type Via struct {
	Protocol    string    `json:"protocol"`              // imap, pop3
	Server      string    `json:"server"`                // host:port
	Name        string    `json:"name,omitempty"`        // name that the server's certificate was checked for; empty: no TLS (this machine)
	TLS         string    `json:"tls,omitempty"`         // TLS 1.3
	Certificate string    `json:"certificate,omitempty"` // SHA-256 of the server's certificate, hex
	NotAfter    time.Time `json:"not_after,omitzero"`    // when that certificate ends
	User        string    `json:"user"`
	Folder      string    `json:"folder,omitempty"` // IMAP
}

// Secured fills what is known once TLS stands.
func (v *Via) Secured(s tls.ConnectionState) {
	v.Name, v.TLS = s.ServerName, tls.VersionName(s.Version)
	if len(s.PeerCertificates) > 0 {
		c := s.PeerCertificates[0]
		sum := sha256.Sum256(c.Raw)
		v.Certificate, v.NotAfter = hex.EncodeToString(sum[:]), c.NotAfter.UTC()
	}
}

// Budget is the part of channels.Budget that is needed.
type Budget interface {
	Take(n int) error
	Give(n int)
}

// Errors of a mailbox. They never hold what a server said beyond its code, nor a name of a person.
var (
	// ErrLogin: the server refuses name or password. It is tried again only after minutes, so that the account is not locked.
	ErrLogin = errors.New("the login was refused")
	// ErrPlain: the server does not offer TLS, so nothing was said to it.
	ErrPlain = errors.New("the server offers no TLS (STARTTLS)")

	errNever  = errors.New("mailbox: not connected yet")
	errFlood  = errors.New("the server sent more than was asked for")
	errEnded  = errors.New("the connection ended")
	errAnswer = errors.New("an answer that is not of the protocol")
)
