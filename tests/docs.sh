#!/bin/sh
# What the documentation speaks of exists: every function, every file, every
# link.  doc/tour.md leaves no chapter out, and chapters name the next one.
. "$(dirname "$0")/common.sh"
scratch
cd "$top_srcdir" || exit 99
pages=$(find README.md HACKING.md NEWS doc -type f \
    \( -name '*.md' -o -name NEWS -o -name '*.[1-9]' \) 2>/dev/null)
[ -n "$pages" ] || skip 'there is no documentation'

find lib include tools tests examples -name '*.[ch]' -exec cat {} + |
    cat - lib/rheap.map "$top_builddir/include/rheap/version.h" |
    grep -oE '\b(rhi?|RH|RHI)_[A-Za-z0-9_]+' | sort -u >"$scratch/known"

# A name that ends in _ (rh_trim_*) stands for all that begin so.
for page in $pages; do
    sed '/^\.Dt /d; s/\\-/-/g; s/\\_/_/g' "$page" |
        grep -oE '\b(rhi?|RH)_[A-Za-z0-9_]+' | sort -u |
        while read -r name; do
            case $name in
            *_) grep -q "^$name" "$scratch/known" ;;
            *) grep -qx "$name" "$scratch/known" ;;
            esac || printf '%s: there is no %s\n' "$page" "$name"
        done

    grep -oE '\b(lib|include|tools|tests|examples|doc|m4|build-aux)/[A-Za-z0-9_./*-]*[A-Za-z0-9_*]' \
        "$page" | sort -u | while read -r file; do
        # shellcheck disable=SC2086
        set -- $file # perhaps a pattern
        [ -e "$1" ] || [ -e "$top_builddir/$1" ] || [ -e "$1.c" ] ||
            printf '%s: there is no %s\n' "$page" "$file"
    done

    case $page in *.md) ;; *) continue ;; esac
    grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -v '://' |
        while read -r link; do
            [ -e "$(dirname "$page")/$link" ] ||
                printf '%s: broken link to %s\n' "$page" "$link"
        done
done >"$scratch/missing"

if [ -f doc/tour.md ]; then
    for chapter in $(chapters | sed 's/\.[ch]$//' | sort -u); do
        grep -qE "\b$chapter(\.[ch])?\b" doc/tour.md ||
            printf 'doc/tour.md: the chapter %s is left out\n' "$chapter"
    done >>"$scratch/missing"
fi

# "Next: foo.h": the next chapter, or an earlier one that says nothing itself.
chapters | while read -r chapter; do
    printf '%s %s\n' "$chapter" "$(sed -n \
        's/^ \* Next: \([a-z_]*\.[ch]\).*/\1/p' "lib/$chapter")"
done | awk '
    { name = $1; sub(/.*\//, "", name) }
    name == want { want = "" }
    $2 == "" { next }
    want { printf "lib/%s: %s does not come next\n", from, want }
    { from = $1; want = $2 }
    END { if (want) printf "lib/%s: %s does not come next\n", from, want }
' >>"$scratch/missing"

if [ -s "$scratch/missing" ]; then
    cat "$scratch/missing"
    fail 'the documentation speaks of what is not there'
fi
finish
