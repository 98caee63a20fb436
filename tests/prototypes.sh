#!/bin/sh
# The manual pages declare every public function, once, as the headers do; and
# doc/embedding.md lists exactly those that may collect.
. "$(dirname "$0")/common.sh"
scratch
cd "$top_srcdir" || exit 99
pages=$(find doc/man -name '*.3' 2>/dev/null)
[ -n "$pages" ] || skip 'there are no manual pages'

# One line each: TYPE NAME(TYPE name,...), without blanks where C needs none.
squeeze() {
    sed 's/  */ /g; s/ *\([*(),]\) */\1/g; s/^ //' | sort
}

# One declaration a line, without comments.
cat include/rheap/*.h | sed '/^[[:space:]]*#/d' | tr '\n' ' ' |
    sed 's,/\*,\n/*,g; s,\*/,*/\n,g' | sed '/^\/\*/d' | tr '\n' ' ' |
    sed 's/RH_API/\n&/g; s/static inline/\n&/g' >"$scratch/declarations"

sed 's/RH_MAY_COLLECT//g; s/RH_MUST_USE//g' "$scratch/declarations" |
    sed -n 's/^RH_API \([^;]*\);.*/\1/p
            s/^static inline \([^{]*[^ ]\) *{.*/\1/p' |
    squeeze >"$scratch/headers"

# shellcheck disable=SC2086
"$AWK" '
    function unquoted(text) { gsub(/"/, "", text); return text }
    /^\.Sh DESCRIPTION/ { wanted = 0 }
    /^\.Sh SYNOPSIS/ { wanted = 1 }
    !wanted { next }
    /^\.Ft / { type = unquoted(substr($0, 5)) }
    /^\.F[no] rh_/ { line = type " " $2 "("; comma = "" }
    /^\.Fn rh_/ { rest = substr($0, length($1 $2) + 2)
        while (match(rest, /"[^"]*"|[^ "]+/)) {
            line = line comma unquoted(substr(rest, RSTART, RLENGTH))
            comma = ","; rest = substr(rest, RSTART + RLENGTH)
        }
        print line ")" }
    /^\.Fa / { line = line comma unquoted(substr($0, 5)); comma = "," }
    /^\.Fc/ { print line ")" }' $pages | squeeze >"$scratch/manual"

diff -u "$scratch/headers" "$scratch/manual" ||
    fail 'the manual pages (+) do not declare what the headers (-) do'

# The list is the indented text of the section.
sed -n '/^RH_API [^;]*RH_MAY_COLLECT/s/^[^(]*[ *]\(rh_[a-z_]*\)(.*/\1/p' \
    "$scratch/declarations" | sort >"$scratch/collecting"
sed -n '/^## Safe points/,/^## /{/^    /p;}' doc/embedding.md |
    grep -oE '\brh_[a-z_]+' | grep -vx rh_fast_alloc | sort >"$scratch/listed"
diff -u "$scratch/collecting" "$scratch/listed" ||
    fail 'doc/embedding.md (+) does not list what may collect (-)'
finish
