package gateway

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrSignature says that a request was not signed with our key, or not now. It tells no more: who guesses learns nothing.
var ErrSignature = errors.New("gateway: the signature is not right")

// Window is how far the time of a signature may be from now when nothing else is said.
const Window = 5 * time.Minute

// Sign is the HMAC-SHA256, in hex, over the time in seconds since 1970, a dot and the body.
func Sign(secret string, at time.Time, body []byte) (timestamp, signature string) {
	timestamp = strconv.FormatInt(at.Unix(), 10)
	return timestamp, hex.EncodeToString(mac(secret, timestamp, ".", body))
}

func mac(secret, timestamp, between string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp + between))
	h.Write(body)
	return h.Sum(nil)
}

// Verify judges a request that was signed as [Sign] does. The signature may be hex or base64, with sha256= or v1= before it. A time
// outside of the window around now is refused, so that a request that was overheard is of no use later; inside of it a repeat is the same
// request. The comparison takes the same time whatever is wrong.
func Verify(secret, timestamp, signature string, body []byte, now time.Time, window time.Duration) error {
	want := mac(secret, timestamp, ".", body)
	ok := false
	for _, got := range decodings(signature) {
		ok = hmac.Equal(got, want) || ok
	}
	if secret == "" || !ok || !current(timestamp, now, window) {
		return ErrSignature
	}
	return nil
}

// VerifyEd25519 judges a request that was signed with Ed25519 over the time, | and the body, in base64 (Telnyx).
func VerifyEd25519(key ed25519.PublicKey, timestamp, signature string, body []byte, now time.Time, window time.Duration) error {
	ok := false
	if len(key) == ed25519.PublicKeySize {
		message := append([]byte(timestamp+"|"), body...)
		for _, got := range decodings(signature) {
			ok = len(got) == ed25519.SignatureSize && ed25519.Verify(key, message, got) || ok
		}
	}
	if !ok || !current(timestamp, now, window) {
		return ErrSignature
	}
	return nil
}

// decodings are the bytes that a signature may stand for.
func decodings(s string) [][]byte {
	s = strings.TrimSpace(s)
	for _, prefix := range []string{"sha256=", "v1="} {
		s = strings.TrimPrefix(s, prefix)
	}
	var out [][]byte
	if b, err := hex.DecodeString(s); err == nil {
		out = append(out, b)
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		out = append(out, b)
	}
	return out
}

func current(timestamp string, now time.Time, window time.Duration) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return false
	}
	if window <= 0 {
		window = Window
	}
	return now.Sub(time.Unix(seconds, 0)).Abs() <= window
}
