// Package hl7 reads and writes HL7 version 2 messages (2.1 to 2.8, ER7 "vertical bar" encoding).
//
// A [Message] is a set of views over the bytes as they came: nothing is copied, nothing is changed, and
// [Message.Bytes] gives back what [Parse] was given. Values are decoded (escape sequences, character set of MSH-18)
// only when they are asked for. A [Builder] writes messages and can only write legal ones. [Ack] answers a message
// in the form its sender can read (chapter 2, sections 9 and 13), [Validate] checks the message types that referrals use.
//
// # Numbering
//
// Everything is numbered as the standard does, from 1: PID-5.1 is the family name, PID-5(2).1 the one of the second
// repetition, OBX(3)-5 field 5 of the third OBX. MSH-1 is the field separator and MSH-2 the encoding characters.
//
// # What is forgiven when reading
//
// Each forgiveness has a name and a count in [Message.Warnings]: a byte order mark, white space before MSH, LF and
// CRLF segment ends, lines that are no segment (they continue the one before: wrapped base64, line feeds in text),
// MSH-2 with a doubled escape character, bytes that do not fit MSH-18.
//
// # What differs by version
//
// Reading and writing are the same for 2.1 to 2.8. Where the standard changed, the version in MSH-12 decides:
//
//   - ERR of an answer: one ERR with a repetition of ERR-1 for each problem to 2.4; from 2.5 an ERR for each, with ERR-2, 3, 4 and 8.
//   - MSH-9 of an answer: ACK to 2.3, ACK^event^ACK from 2.3.1.
//   - MSH-9 of 2.1 has no event: [Message.Event] is O01 for its ORM and R01 for its ORU.
//   - MSA-3 (the text) to 2.6; it was withdrawn with 2.7.
//   - Validation: MSH-7 is required from 2.3; MSH-10 has 20 characters before 2.7 and 199 from then on; MSH-15 and 16 exist from 2.2; the time of an appointment is in SCH-11 before 2.5 and in TQ1 from 2.5 (either is read
//     in every version); the structures of [Message.Tree] take what only some versions have (SFT, UAC, PRT, TQ1, ARV) in all of them.
//   - Telephone numbers in one component (before 2.3) and in parts are both read; so are names with a family name in parts (from 2.5).
//
// # What is left out
//
// XML encoding (chapter 2, section 8 of v2.xml), UTF-16 and the multi-byte sets whose second byte can equal a delimiter
// (GB 18030, BIG-5, KS X 1001, ISO IR87): such bytes are kept, not decoded. The switching escapes \C..\ and \M..\ stay
// as they are. The package does no I/O and starts no goroutine; all its values may be read by several goroutines at once.
package hl7
