// Package transform maps wire values (HL7 v2, C-CDA, fax fields) to canonical referral facts and back. Every function is pure: no
// clock, network, store or randomness; what it needs is in its arguments, so that reprocessing an archived message with the
// configuration of its day gives the same facts again.
//
// The way in is Decode: what a rail found inside a message (channels.Opened) becomes facts, each one event of one referral with the
// identifiers that name it. The way out is Render: one event of a referral becomes the parts that a partner's rail carries.
//
// It follows HL7 v2 chapters 4, 7, 9, 10 and 11 (2.1 to 2.8 read, 2.5.1 written unless a partner wants another), IHE PCC 360X over
// Direct, C-CDA R1.1 to R2.1 and 42 CFR 2.32. Numbers keep the authority that gave them, under its OID and its namespace; one without
// an authority belongs to the partner that sent it ("partner:<id>").
//
// Left out: FHIR, ADT, ARV on the way out (the notice travels in NTE), drawing a clinician's words as a PDF for an EHR (what has only
// text travels as text), and any clinical content that nobody sent.
package transform
