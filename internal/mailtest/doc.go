// Package mailtest is what tests of mailboxes need on the other side, all on this machine: an authority that issues server
// certificates, an IMAP server, a POP3 server and an SMTP submission server that asks for a login.
package mailtest

// Name and password that every server here knows.
const (
	User     = "referrals@direct.northside.example"
	Password = "correct horse"
)
