#!/bin/sh
# Exactly the functions that can reach a collection carry RH_MAY_COLLECT.
#
# The call graph is read from the machine code of the shared library, so a
# call that somebody hides behind three static functions is found all the same.
# rh_heap_free carries the word by contract: it runs the embedder's code.
. "$(dirname "$0")/common.sh"
scratch

library=$top_builddir/lib/.libs/librheap.so
test -f "$library" || skip "no shared library"
command -v "$OBJDUMP" >/dev/null || skip "no objdump"

# Prototypes end with ";": join each to one line, keep those with the word.
cat "$top_srcdir"/include/rheap/*.h |
    $AWK 'BEGIN { RS = ";" } /RH_MAY_COLLECT/ && !/#define RH_MAY_COLLECT/ {
        gsub(/\n/, " "); sub(/[ ]*RH_MUST_USE/, "")
        if (match($0, /RH_API [^;]*/)) {
            text = substr($0, RSTART)
            while (match(text, /RH_API /)) text = substr(text, RSTART + 7)
            sub(/\(.*/, "", text); sub(/.*[ *]/, "", text); print text
        }
    }' | sort -u >"$scratch/want"

"$OBJDUMP" -d --no-show-raw-insn "$library" |
    $AWK '
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name)
                          sub(/@plt$/, "", name); next }
    /<[^>]*>/ && name != "" {
        target = $0; sub(/.*</, "", target); sub(/>.*/, "", target)
        sub(/\+0x.*/, "", target); sub(/@plt$/, "", target)
        if (target != name) edge[target] = edge[target] " " name
    }
    END { # backwards from the collection
        queue[1] = "rhi_cycle_collect"; n = 1; seen[queue[1]] = 1
        for (i = 1; i <= n; i++) {
            count = split(edge[queue[i]], callers, " ")
            for (j = 1; j <= count; j++)
                if (!(callers[j] in seen)) {
                    seen[callers[j]] = 1; queue[++n] = callers[j]
                }
        }
        for (f in seen) if (f ~ /^rh_[a-z_0-9]+$/) print f
        print "rh_heap_free"
    }' | sort -u >"$scratch/got"

diff -u "$scratch/want" "$scratch/got" || fail "RH_MAY_COLLECT is wrong"
finish
