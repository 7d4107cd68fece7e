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
// # What is left out
//
// XML encoding (chapter 2, section 8 of v2.xml), UTF-16 and the multi-byte sets whose second byte can equal a delimiter
// (GB 18030, BIG-5, KS X 1001, ISO IR87): such bytes are kept, not decoded. The switching escapes \C..\ and \M..\ stay
// as they are. The package does no I/O and starts no goroutine; all its values may be read by several goroutines at once.
package hl7
