#!/usr/bin/env bash
# Checks what the demo made, with our own eyes and with the validators that stand beside the repository: scripts/conformance.sh ../shared
set -eu
shared=${1:-../shared}
scripts/deps.sh test
[ -d demo-out/hospital ] || { echo "conformance: run make demo first" >&2; exit 1; }
scripts/demo-check.sh demo-out
if [ ! -d "$shared/conformance" ]; then
	echo "conformance: validators skipped: $shared is not there"
	exit 0
fi
scripts/deps.sh conformance
mapfile -t docs < <(grep -rlI --include='*.xml' --include='*.XML' '<ClinicalDocument' demo-out/artefacts)
[ ${#docs[@]} -gt 0 ] || { echo "conformance: the demo made no C-CDA document, want some" >&2; exit 1; }
"$shared/conformance/ccda/validate" --errors "${docs[@]}"
echo "conformance: ${#docs[@]} C-CDA documents of the demo: 0 errors"
