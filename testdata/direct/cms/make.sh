#!/bin/sh
# Makes the CMS fixtures of this folder with the openssl command (3.0 or later).
# Keys and certificates are made here, for tests only; nobody trusts them.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat > "$tmp/ext.cnf" <<'CNF'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = refloop test only
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment,keyAgreement
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:direct.lakeside.example
CNF

openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/CN=refloop test only anchor" \
  -config "$tmp/ext.cnf" -extensions ca -keyout "$tmp/ca.key" -out ca.crt 2>/dev/null
leaf() { # name, key options
  name=$1; shift
  openssl req -new -newkey "$@" -nodes -subj "/CN=refloop test only $name" -config "$tmp/ext.cnf" \
    -keyout "$name.key" -out "$tmp/$name.csr" 2>/dev/null
  openssl x509 -req -in "$tmp/$name.csr" -CA ca.crt -CAkey "$tmp/ca.key" -CAcreateserial -days 36500 \
    -extfile "$tmp/ext.cnf" -extensions leaf -out "$name.crt" 2>/dev/null
}
leaf rsa rsa:2048
leaf p256 ec -pkeyopt ec_paramgen_curve:P-256
leaf p384 ec -pkeyopt ec_paramgen_curve:P-384
rm -f ca.srl

printf 'Content-Type: text/plain\r\n\r\nA synthetic note for tests.\r\n' > content.txt
cms() { openssl cms -binary -in content.txt -outform DER "$@"; }

# Detached and opaque signatures.
cms -sign -signer rsa.crt -inkey rsa.key -md sha256 -out good-detached-sha256.p7s
cms -sign -signer rsa.crt -inkey rsa.key -md sha384 -out good-detached-sha384.p7s
cms -sign -signer rsa.crt -inkey rsa.key -md sha512 -keyid -out good-detached-sha512-keyid.p7s
cms -sign -nodetach -signer rsa.crt -inkey rsa.key -md sha256 -out good-opaque.p7m
cms -sign -nodetach -stream -signer rsa.crt -inkey rsa.key -md sha256 -out good-opaque-indefinite.p7m
cms -sign -signer rsa.crt -inkey rsa.key -md sha256 -keyopt rsa_padding_mode:pss -out good-detached-pss.p7s
cms -sign -signer p256.crt -inkey p256.key -md sha256 -out good-detached-p256.p7s
cms -sign -signer p384.crt -inkey p384.key -md sha384 -out good-detached-p384.p7s
cms -sign -signer rsa.crt -inkey rsa.key -md sha1 -out bad-detached-sha1.p7s
cms -sign -signer rsa.crt -inkey rsa.key -md md5 -out bad-detached-md5.p7s
cms -sign -noattr -signer rsa.crt -inkey rsa.key -md sha256 -out bad-detached-noattr.p7s
cms -sign -nocerts -signer rsa.crt -inkey rsa.key -md sha256 -out bad-detached-nocerts.p7s
openssl crl2pkcs7 -nocrl -certfile ca.crt -certfile rsa.crt -outform DER -out certs-only.p7b

# Envelopes for rsa.crt (and the EC certificates where named so).
cms -encrypt -aes128 -out good-v15-aes128.p7m rsa.crt
cms -encrypt -aes192 -out good-v15-aes192.p7m rsa.crt
cms -encrypt -aes256 -out good-v15-aes256.p7m rsa.crt
cms -encrypt -aes256 -keyid -out good-v15-keyid.p7m rsa.crt
cms -encrypt -stream -aes256 -out good-v15-indefinite.p7m rsa.crt
cms -encrypt -aes256 -out good-v15-two.p7m p256.crt rsa.crt
cms -encrypt -aes256 -recip rsa.crt -keyopt rsa_padding_mode:oaep -out good-oaep-sha1.p7m
for md in sha256 sha384 sha512; do
  cms -encrypt -aes256 -recip rsa.crt -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:$md -out good-oaep-$md.p7m
done
cms -encrypt -aes-128-gcm -out good-gcm-aes128.p7m rsa.crt
cms -encrypt -aes-256-gcm -out good-gcm-aes256.p7m rsa.crt
cms -encrypt -aes256 -out good-ecdh-p256.p7m p256.crt
cms -encrypt -aes256 -recip p384.crt -keyopt ecdh_kdf_md:sha384 -out good-ecdh-p384.p7m
cms -encrypt -des3 -out bad-3des.p7m rsa.crt
