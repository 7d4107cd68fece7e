// Package direct is the rail for Direct secure mail: an SMTP server that takes
// mail for our domains, the judgement of who sent it, and a client that packs, signs,
// encrypts and submits what we send.
//
// In: the server archives through channels.Handler before it answers 250. In the
// background Prepare decrypts, verifies and judges each recipient's trust as of the time of
// receipt, and records that; Open then is a pure function of bytes, record and keys. Mail that is not
// encrypted, not signed, tampered with or not trusted ends `refused` with a reason, and nothing goes back.
//
// Mail that nobody trusts only because a revocation list cannot be had for now waits (channels.LaterError).
//
// Out: Pack makes an XDM package (or plain attachments) into one signed and encrypted
// message for one recipient; Send submits it to the relay or the recipient's MX.
// At the moment of sending the certificate it is encrypted to is judged again: one that was revoked or has ended meanwhile means to pack
// anew. Watch tells the engine (channels.Observer) of certificates that end, and of partners to whom nothing can be encrypted any more.
//
// Attrs of the parts that Open finds in an XDM package: referral_id and referral_authority,
// order_id and order_authority (referenceIdList), unique_id, type_code, created, confidentiality (of the
// document), set_id, source_id, author_direct (of the submission set), and the patient as sourcePatientInfo names them:
// patient_family, patient_given, patient_birth (YYYYMMDD or shorter), patient_sex, patient_ids (lines of value|authority).
// A package that cannot be taken, or that breaks a rule its partner must keep (xdm: strict), holds the message and is answered with
// a failed notification; one that contradicts itself about the patient is a doubt.
// Pack writes unique_id, type_code, type_display, created and confidentiality of a part when they are given.
//
// Standards: Applicability Statement for Secure Health Transport 1.2, RFC 5321,
// RFC 8098 notifications, IHE XDM ZIP over Email.
//
// In mode edge a HISP does what an agent of ours would: Pack makes the message alone, Send submits it to the HISP with TLS and a login, and an
// EdgeChannel takes mail out of the mailbox there. The HISP's authenticated connection is the trust, and is kept as evidence.
package direct
