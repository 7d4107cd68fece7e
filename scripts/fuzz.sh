#!/usr/bin/env bash
# Runs every fuzz target of the module for a while each: scripts/fuzz.sh 5s
set -eu
time=${1:-5s}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u | while read -r target; do
		echo "fuzz $dir $target $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" >/tmp/refloop-fuzz.$$ 2>&1 || { cat /tmp/refloop-fuzz.$$; rm -f /tmp/refloop-fuzz.$$; exit 1; }
		rm -f /tmp/refloop-fuzz.$$
	done
done
