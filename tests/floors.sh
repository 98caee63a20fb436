#!/bin/sh
# A chapter of the library depends only on chapters above it in lib/local.mk.
# First by its include lines; then, because a declaration can hide a call, by
# the symbols that its object file needs.
. "$(dirname "$0")/common.sh"
scratch
chapters >"$scratch/order"
[ -s "$scratch/order" ] || fail 'lib/local.mk lists no chapters'

# "x.h" means the directory of the including file first, then lib/.
seen=' '
while read -r file; do
    seen="$seen$file "
    here=$(dirname "$file")/
    [ "$here" != ./ ] || here=
    for header in $(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' \
        "$top_srcdir/lib/$file"); do
        [ "$header" != config.h ] || continue
        [ ! -f "$top_srcdir/lib/$here$header" ] || header=$here$header
        case $seen in
        *" $header "*) ;;
        *) fail "lib/$file includes $header, which is not a chapter above it" ;;
        esac
    done
done <"$scratch/order"

# Lines "file D|U symbol" in reading order.
while read -r file; do
    case $file in *.c) ;; *) continue ;; esac
    object=$(object_of "$file")
    [ -f "$object" ] || { fail "$object is missing"; continue; }
    $NM -g "$object" | sed -n \
        -e "s,.* U \([^ @]*\).*,$file U \1,p" \
        -e "s,.* [A-TV-Z] \([^ @]*\).*,$file D \1,p"
done <"$scratch/order" >"$scratch/symbols"

"$AWK" '
    NR == FNR { if ($2 == "D" && !($3 in home)) home[$3] = $1; next }
    $2 == "D" { above[$3] }
    $2 == "U" && ($3 in home) && home[$3] != $1 && !($3 in above) {
        print "lib/" $1 " needs " $3 ", of a later chapter: lib/" home[$3]
        bad = 1
    }
    END { exit bad }' "$scratch/symbols" "$scratch/symbols" ||
    fail 'a chapter reaches for a later one'

finish
