#!/bin/sh
# Every invariant that a chapter states is checked somewhere in the library or
# by a test, and every one that is cited is stated, once.
#   stated:  a line ` *   P1  text' in the head comment of a chapter
#   cited:   "P1" as a string, or at the start of a comment: `// P1', `// P1:'
. "$(dirname "$0")/common.sh"
scratch
cd "$top_srcdir/lib" || exit 99
number='[A-Z]{1,2}[0-9]{1,2}'

chapters | xargs cat | grep -oE "^ \*   $number  " | tr -d ' *' |
    sort >"$scratch/stated"
{
    chapters | xargs cat
    cat ../tests/*.[ch] 2>/dev/null
} | grep -oE "\"$number\"|// *$number\b(, $number\b)*" | grep -oE "$number" |
    sort -u >"$scratch/cited"

for name in $(uniq -d "$scratch/stated"); do
    fail "$name is stated twice"
done
for name in $(comm -23 "$scratch/stated" "$scratch/cited"); do
    fail "$name is stated, but nothing checks it"
done
for name in $(comm -13 "$scratch/stated" "$scratch/cited"); do
    fail "$name is cited, but no chapter states it"
done
[ -s "$scratch/stated" ] || fail 'no chapter states an invariant'
finish
