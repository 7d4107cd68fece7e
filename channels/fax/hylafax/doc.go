// Package hylafax speaks with a HylaFAX server: it submits faxes and reads the state of their jobs over hfaxd's client protocol, and reads
// the server's log of received faxes.
//
// The protocol (hfaxd(8), TCP port 4559) is FTP with commands for jobs: STOT brings a file, JNEW and JPARM describe a job, JSUBM submits
// it. A job that was not submitted ends with its session. The state of a job is its file in sendq or doneq (sendq(5)). It was tried with
// HylaFAX 6.0.7. Left out: cover pages, polling and paging of the server, its administration, and SNPP.
//
// The protocol has no TLS: pages and passwords travel in the clear.
package hylafax
