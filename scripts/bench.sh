#!/bin/bash
# How many referrals a second a daemon takes: a real `refloop serve` with its own store (synchronous=FULL), REF^I12 messages of 5 kB on 16
# connections, each another referral, the load generator on the same cores, beside a bare receiver that only appends with a group fdatasync.
# Environment: REFLOOP (the binary; default bin/refloop), FOR (how long; default 20s), BAR (least messages/s; under it the script fails;
# default 1000), FOLDER (where the databases go: measure the disk that you mean; default a temporary folder).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${REFLOOP:-bin/refloop}
[ -x "$bin" ] || { echo "bench: $bin is missing; run: make build" >&2; exit 2; }
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
go build -o "$tool/load" ./internal/load/cmd
"$tool/load" -refloop "$(realpath "$bin")" -for "${FOR:-20s}" -bar "${BAR:-1000}" ${FOLDER:+-folder "$FOLDER"}
