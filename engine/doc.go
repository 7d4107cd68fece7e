// Package engine receives, archives, correlates, applies, routes, delivers and confirms. It is the only writer of referrals.
//
// The way in is [Engine.Receive]: a message is archived and, unless its rail answers first, decoded and applied in one commit; the answer
// goes out after it. What was answered first (mail, fax) goes on in the background and is taken up again after a crash. Decoding is a pure
// function of archived bytes, evidence and [Setup], so that [Engine.Reprocess] is exact and has no second effect.
//
// The way out is the outbox: a delivery is rendered once, from the referral as of its event, and archived before its first attempt; every
// attempt sends those bytes. Deliveries of one lane (partner and rail) keep their order, lanes do not wait for each other, and intake goes
// before deliveries. Receipts move a delivery by what they prove; proof that the report is with the initiator closes the loop.
//
// States, evidence and who may say what are in package referral; what messages mean is in package transform; sockets and mailboxes
// are the rails'. The engine declares the few things it needs of storage as [Store] and of rails as the interfaces of package channels.
// It leaves out the clocks of open referrals: it derives and stores them, and nobody is reminded yet.
package engine
