// Package mailbox takes mail out of a mailbox on somebody else's server, over IMAP (RFC 3501, RFC 9051) or POP3 (RFC 1939, RFC 2449,
// RFC 2595), always with TLS 1.2 or newer and a login. It is for every rail whose messages wait in a mailbox: the edge of a HISP, a
// fax gateway that sends mail. It knows nothing of what a mail means.
//
// A mail is fetched without marking it, handed to the taker, and only when the taker says that it is durable is it marked, moved or
// deleted as configured. What was taken is also kept in a small file (the position), so that mail which stays in the mailbox is taken
// once. If the connection or the program ends between the two, the mail is handed over again with the same bytes: the taker must know
// duplicates (Message-ID and bytes). Nothing is skipped silently: a mail over the size limit is handed over as its header with a reason.
//
// Left out: several mailboxes at once, IMAP without UIDs, POP3 without UIDL, OAuth.
package mailbox
