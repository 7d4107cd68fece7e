#!/usr/bin/env bash
# Reads the fax corpus and prints the scorer's tables: scripts/fax-score.sh ../shared
# FAX_SCORE_KEEP=DIR keeps the lines that refloop printed and the file of each fax there.
set -euo pipefail
shared=${1:-../shared}
corpus=$shared/corpus/fax
[ -d "$corpus" ] || { echo "fax-score: skipped: $corpus is not there"; exit 0; }
command -v python3 >/dev/null || { echo "fax-score: skipped: the scorer needs python3; apt-get install python3"; exit 0; }
if [ -n "${FAX_SCORE_KEEP:-}" ]; then
	out=$FAX_SCORE_KEEP
	mkdir -p "$out"
else
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
fi
status=0
bin/refloop fax read "$corpus"/fax/* >"$out/all.jsonl" || status=$?
[ "$status" -le 1 ] || exit "$status" # 1: some file could not be read; its line says why
go run ./internal/faxscore "$out/predicted" <"$out/all.jsonl"
python3 "$corpus/score.py" "$corpus/truth" "$out/predicted" --auto 0.95 --by level
