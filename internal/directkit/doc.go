// Package directkit makes Direct messages for tests, good ones and every kind of wrong one: certificates with any fault, SignedData and
// EnvelopedData written field by field, and MIME around them. It writes its own structures with the standard library, so that nothing of
// ours is tested against itself. Keys are files of keys/: they protect nothing.
package directkit
