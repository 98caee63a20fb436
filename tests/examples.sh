#!/bin/sh
# Each example prints exactly what its .out file says, and its head comment; and
# the C code in the README stands in an example, word for word.
. "$(dirname "$0")/common.sh"
scratch
[ -n "${EXAMPLES-}" ] || skip 'there are no examples'
cd "$scratch" || exit 99
for example in $EXAMPLES; do
    set --
    [ ! -f "$top_srcdir/$example.args" ] ||
        set -- "$top_srcdir/examples/$(cat "$top_srcdir/$example.args")"
    "$top_builddir/$example" "$@" | diff -u "$top_srcdir/$example.out" - ||
        fail "$example printed something else"
    sed -n '/^ \* Prints exactly:$/,/^ \*\/$/p' "$top_srcdir/$example.c" |
        sed '1,2d; $d; s/^ \*     //' |
        diff -u "$top_srcdir/$example.out" - ||
        fail "the head of $example.c promises something else"
done

cat "$top_srcdir"/examples/*.c >"$scratch/all.c"
sed -n '/^```c$/,/^```$/{/^```/!p;}' "$top_srcdir/README.md" >"$scratch/shown.c"
"$AWK" 'NR == FNR { shown = shown $0 "\n"; next } { all = all $0 "\n" }
    END { exit index(all, shown) == 0 }' "$scratch/shown.c" "$scratch/all.c" ||
    fail 'the code in README.md is not that of an example'
finish
