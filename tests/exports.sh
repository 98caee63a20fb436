#!/bin/sh
# lib/rheap.map, the shared library and the public headers agree on what is
# exported.  (The linker accepts a map that names symbols nobody defines.)
# With --list, prints what the headers declare as lines for the map.
. "$(dirname "$0")/common.sh"
scratch
# The name in front of the first "(" behind each RH_API, comments left out.
cat "$top_srcdir"/include/rheap.h "$top_srcdir"/include/rheap/*.h |
    "$AWK" '
    !/^ *#/ { text = text $0 " " }
    END {
        while (i = index(text, "/*"))
            text = substr(text, 1, i - 1) \
                substr(text, i + 3 + index(substr(text, i + 2), "*/"))
        n = split(text, part, /RH_API/)
        for (i = 2; i <= n; i++) {
            sub(/[;(].*/, "", part[i])
            match(part[i], /rh_[a-z0-9_]+ *$/)
            print substr(part[i], RSTART, RLENGTH)
        }
    }' | sed 's/ //g' | sort >"$scratch/headers"
if [ "${1-}" = --list ]; then
    sed 's/.*/	&;/' "$scratch/headers"
    exit 0
fi

map=$top_srcdir/lib/rheap.map
sed -n 's/^[[:space:]]*\(rh_[a-z0-9_]*\);.*/\1/p' "$map" | sort >"$scratch/map"
[ -s "$scratch/map" ] || fail 'lib/rheap.map lists no symbols'

if ! diff -u "$scratch/headers" "$scratch/map" >"$scratch/diff"; then
    cat "$scratch/diff"
    fail 'public headers (-) and lib/rheap.map (+) differ'
fi

so=$top_builddir/lib/.libs/librheap.so
if [ ! -f "$so" ]; then
    [ "$failures" -eq 0 ] || exit 1
    skip 'no shared library in this build'
fi
$NM -D --defined-only "$so" |
    sed -n 's/^[0-9a-f]* [B-TV-Z] \([^@]*\).*/\1/p' | sort >"$scratch/so"
if ! diff -u "$scratch/so" "$scratch/map" >"$scratch/diff"; then
    cat "$scratch/diff"
    fail 'librheap.so (-) and lib/rheap.map (+) differ'
fi
finish
