#!/usr/bin/env bash
# How long a page takes from file to fields, against the tesseract command with one thread on the same pages in the same run:
# scripts/fax-speed.sh ../shared. MOST is the number of faxes a level (default 8), REFLOOP the binary (default bin/refloop).
set -euo pipefail
shared=${1:-../shared}
corpus=$shared/corpus/fax
[ -d "$corpus" ] || { echo "fax-speed: skipped: $corpus is not there"; exit 0; }
command -v tesseract >/dev/null || { echo "fax-speed: skipped: no tesseract command; apt-get install tesseract-ocr"; exit 0; }
go run ./internal/faxscore speed -refloop "${REFLOOP:-bin/refloop}" -truth "$corpus/truth" -most "${MOST:-8}" "$corpus"/fax/*
