// Package engine receives, archives, correlates, applies, routes, delivers and confirms. It is the only writer of referrals.
package engine
