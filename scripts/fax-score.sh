#!/usr/bin/env bash
# Reads the fax corpus and prints the scorer's tables: scripts/fax-score.sh ../shared
set -eu
shared=${1:-../shared}
corpus=$shared/corpus/fax
[ -d "$corpus" ] || { echo "fax-score: skipped: $corpus is not there"; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bin/refloop fax read "$corpus"/fax/* >"$out/all.jsonl" || true
mkdir "$out/predicted"
python3 - "$out/all.jsonl" "$out/predicted" <<'PY'
import json, os, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    name = os.path.splitext(os.path.basename(row.pop("file")))[0]
    json.dump(row, open(os.path.join(sys.argv[2], name + ".json"), "w"))
PY
python3 "$corpus/score.py" "$corpus/truth" "$out/predicted" --auto 0.95 --by level
