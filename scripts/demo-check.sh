#!/usr/bin/env bash
# Looks at what the demo made with programs that are not ours: OpenSSL decrypts and verifies every 360X mail of both sides, unzip takes the
# packages, xmllint reads their metadata, and no name of a sample patient stands in a database or a log.
#   scripts/demo-check.sh [demo-out]      leaves the documents in demo-out/artefacts
set -eu
out=${1:-demo-out}
bin=$PWD/bin/refloop
[ -d "$out/hospital" ] || { echo "demo-check: $out: no demo was run here; run make demo" >&2; exit 1; }
rm -rf "$out/artefacts"
mkdir "$out/artefacts"
n=0
check_mail() { # check_mail SENDER RECEIVER ID
	local from=$1 to=$2 id=$3 dir
	dir=$out/artefacts/$from-$id
	mkdir "$dir"
	(cd "$out/$from" && "$bin" messages show "$id" --raw) >"$dir/mail.eml"
	openssl cms -decrypt -in "$dir/mail.eml" -recip "$out/$to/var/direct.crt" -inkey "$out/$to/var/direct.key" -out "$dir/signed.eml"
	openssl cms -verify -in "$dir/signed.eml" -CAfile "$out/$from/var/direct-anchor.crt" -purpose any -out "$dir/inner.eml" 2>/dev/null
	python3 - "$dir" <<'PY'
import email, email.policy, os, sys
d = sys.argv[1]
m = email.message_from_bytes(open(os.path.join(d, "inner.eml"), "rb").read(), policy=email.policy.default)
if m.get_content_type() == "message/rfc822":
    m = m.get_payload(0)
for part in m.walk():
    if (part.get_filename() or "").endswith(".zip"):
        open(os.path.join(d, "package.zip"), "wb").write(part.get_payload(decode=True))
PY
	[ -f "$dir/package.zip" ] || { echo "demo-check: $from $id: no package in the mail" >&2; exit 1; }
	unzip -q "$dir/package.zip" -d "$dir/package"
	find "$dir/package" -iname '*.xml' -print0 | xargs -0 xmllint --noout
	n=$((n + 1))
}
for pair in "hospital specialist" "specialist hospital"; do
	set -- $pair
	for id in $(cd "$out/$1" && "$bin" messages --direction out --limit 500 --json | python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["type"] == "direct/360x":
        print(row["id"])'); do
		check_mail "$1" "$2" "$id"
	done
done
cp "$out"/practice/var/chart-import/*.xml "$out/artefacts/"
echo "demo-check: OpenSSL decrypted and verified $n mails, unzip and xmllint took their packages"
for word in Testerly Zelda Sampleton Mockford Imani Fictional Ingrid 19580817 1958-08-17 700411 700522 McAllister Smith-Larsen; do
	if grep -a -l -- "$word" "$out"/*/var/refloop.db* "$out"/*/serve.log; then
		echo "demo-check: a sample patient's $word stands in the clear there" >&2
		exit 1
	fi
done
echo "demo-check: no name, birth date or number of a sample patient in any database or log"
