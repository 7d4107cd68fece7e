// Package transform maps wire values (HL7 v2, C-CDA, fax fields) to canonical referral facts and back. Every function is pure: no
// clock, network, store or randomness; what it needs is in its arguments, so that reprocessing an archived message with the
// configuration of its day gives the same facts again.
//
// The way in is Decode: what a rail found inside a message (channels.Opened) becomes facts, each one event of one referral with the
// identifiers that name it. The way out is Render: one event of a referral becomes the parts that a partner's rail carries.
package transform
