#!/bin/sh
# Every invariant that a chapter states is cited somewhere, and every one that
# is cited is stated, once.  Stated: a line ` *   P1  text' in a comment.
# Cited: "P1:" in an assertion or a comment, or "P1" as a string of its own.
. "$(dirname "$0")/common.sh"
scratch
cd "$top_srcdir/lib" || exit 99
name='[A-Z][A-Z]\{0,1\}[0-9]\{1,2\}'

chapters | xargs cat >"$scratch/all"
sed -n "s/^ \*   \($name\)  .*/\1/p" "$scratch/all" | sort >"$scratch/stated"
grep -o "\(\"$name\"\)\|\(\<$name:\)" "$scratch/all" | tr -d '":' |
    sort -u >"$scratch/cited"

for number in $(uniq -d "$scratch/stated"); do
    fail "$number is stated twice"
done
for number in $(comm -23 "$scratch/stated" "$scratch/cited"); do
    fail "$number is stated, but nothing checks it"
done
for number in $(comm -13 "$scratch/stated" "$scratch/cited"); do
    fail "$number is cited, but no chapter states it"
done
finish
