// Package referral is the ground of the house: the canonical referral, its events and the state machine of the closed loop
// (reference: IHE 360X Rev. 1.2 and the HL7 BSeR state tables, harmonised; every addition of ours is marked in the table).
//
// It is pure: no I/O, no clock, no goroutine, standard library only. Times are given by the caller. Apply takes a referral and an
// event and returns the new referral and the effects; Actions is the single answer to "what may be done now".
package referral
