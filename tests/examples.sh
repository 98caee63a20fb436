#!/bin/sh
# Each example prints exactly what its .out file says.
. "$(dirname "$0")/common.sh"
[ -n "${EXAMPLES-}" ] || skip 'there are no examples'
for example in $EXAMPLES; do
    "$top_builddir/$example" | diff -u "$top_srcdir/$example.out" - ||
        fail "$example printed something else"
done
finish
