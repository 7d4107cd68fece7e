#!/usr/bin/env bash
# Checks against the validators and corpora that stand beside the repository: scripts/conformance.sh ../shared
set -eu
shared=${1:-../shared}
if [ ! -d "$shared/conformance" ]; then
	echo "conformance: skipped: $shared is not there"
	exit 0
fi
scripts/deps.sh conformance
if [ -d demo-out ]; then
	mapfile -t docs < <(find demo-out -name '*.xml' -o -name '*.XML' | grep -i -e cda -e doc0 | sort)
	if [ ${#docs[@]} -gt 0 ]; then
		"$shared/conformance/ccda/validate" --errors "${docs[@]}"
		echo "conformance: ${#docs[@]} C-CDA documents of the demo: 0 errors"
	fi
fi
