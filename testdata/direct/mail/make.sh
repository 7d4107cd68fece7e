#!/bin/sh
# Makes Direct mails with the openssl command, with the keys of ../cms: from and to
# referrals@direct.lakeside.example, whose certificate is rsa.crt. All content is synthetic.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
keys=../cms
from=referrals@direct.lakeside.example

printf '%s\r\n' "From: <$from>" "To: <$from>" "Date: Mon, 23 Nov 2026 04:00:00 +0000" "Message-ID: <fixture@direct.lakeside.example>" \
  "Subject: XDM/1.0/DDM" "MIME-Version: 1.0" 'Content-Type: multipart/mixed; boundary="b"' "" \
  "--b" "Content-Type: text/plain; charset=utf-8" "" "A synthetic note." \
  "--b" 'Content-Type: application/pdf; name="note.pdf"' "Content-Disposition: attachment; filename=note.pdf" \
  "Content-Transfer-Encoding: base64" "" "JVBERi0xLjQgc3ludGhldGlj" "--b--" > "$tmp/inner"
{ printf 'Content-Type: message/rfc822\r\n\r\n'; cat "$tmp/inner"; } > "$tmp/wrapped"
{ printf 'Content-Type: text/plain\r\n\r\nA synthetic note.\r\n'; } > "$tmp/bare"

sign() { openssl cms -sign -signer $keys/rsa.crt -inkey $keys/rsa.key "$@"; }
seal() { openssl cms -encrypt -from "$from" -to "$from" "$@"; }

sign -md sha256 -in "$tmp/wrapped" -out "$tmp/detached"
sign -md sha384 -nodetach -in "$tmp/wrapped" -out "$tmp/opaque"
sign -md sha256 -in "$tmp/bare" -out "$tmp/unwrapped"
sign -md sha1 -in "$tmp/wrapped" -out "$tmp/sha1"
sed 's/A synthetic note/B synthetic note/' "$tmp/detached" > "$tmp/changed"

seal -aes256 -in "$tmp/detached" -out good-detached.eml $keys/rsa.crt
seal -aes128 -stream -in "$tmp/opaque" -out good-opaque.eml $keys/rsa.crt
seal -aes256 -in "$tmp/unwrapped" -out good-unwrapped.eml $keys/rsa.crt
seal -aes256 -recip $keys/rsa.crt -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -in "$tmp/detached" -out good-oaep.eml
seal -aes-256-gcm -in "$tmp/detached" -out good-gcm.eml $keys/rsa.crt
seal -aes256 -in "$tmp/sha1" -out bad-sha1.eml $keys/rsa.crt
seal -aes256 -in "$tmp/changed" -out bad-changed.eml $keys/rsa.crt
seal -aes256 -in "$tmp/wrapped" -out bad-unsigned.eml $keys/rsa.crt
seal -des3 -in "$tmp/detached" -out bad-3des.eml $keys/rsa.crt
{ printf 'From: <%s>\r\n' "$from"; cat "$tmp/detached"; } > bad-plain.eml
