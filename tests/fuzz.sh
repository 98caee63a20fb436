#!/bin/sh
# Replays the corpus of each fuzzer: its seeds, and what once made it crash.
# With --run, in a build with --enable-fuzzing, looks for more: FUZZ_SECONDS
# each, 60 by default; what it finds stays in the build directory.
. "$(dirname "$0")/common.sh"
[ -n "${FUZZERS-}" ] || skip 'there are no fuzzers'

for fuzzer in $FUZZERS; do
    name=$(basename "$fuzzer")
    corpus=$top_srcdir/tests/fuzz/corpus/$name
    if [ "${1-}" = --run ]; then
        mkdir -p "$top_builddir/tests/fuzz/found/$name"
        "$top_builddir/$fuzzer" -max_total_time="${FUZZ_SECONDS:-60}" \
            -timeout=10 -artifact_prefix="$top_builddir/tests/fuzz/$name-" \
            "$top_builddir/tests/fuzz/found/$name" "$corpus" ||
            fail "$name found something"
    else
        "$top_builddir/$fuzzer" "$corpus"/* || fail "$name: see above"
    fi
done
finish
