// Package load makes HL7 v2 traffic for tests and benchmarks: referral messages that each name another referral and another patient,
// connections that send them by MLLP and read the answers, a receiver that keeps what arrives, and a floor: the least that a durable
// receiver does. All people in it are synthetic.
package load
