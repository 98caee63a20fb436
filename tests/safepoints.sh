#!/bin/sh
# Exactly the functions that can reach a collection carry RH_MAY_COLLECT.
#
# The call graph is read from the machine code of the shared library, so a
# call that somebody hides behind three static functions is found all the same.
# Some carry the word by contract, because they run the embedder's code.
. "$(dirname "$0")/common.sh"
scratch

library=$top_builddir/lib/.libs/librheap.so
test -f "$library" || skip "no shared library"
command -v "$OBJDUMP" >/dev/null || skip "no objdump"

by_contract='rh_heap_free rh_hash_delete rh_hash_each rh_hash_fetch'
by_contract="$by_contract rh_hash_get rh_hash_rehash rh_hash_set"
by_contract="$by_contract rh_finalizer_run rh_weak_map_delete rh_weak_map_each"
by_contract="$by_contract rh_weak_map_get rh_weak_map_key rh_weak_map_set"

# What it tells pthread_atfork() of is called by fork(), not by whoever told.
announces='registry_announce'

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
    $AWK -v by_contract="$by_contract" \
        -v announces="$announces" '
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name)
                          sub(/@plt$/, "", name); next }
    /<[^>]*>/ && name != "" {
        target = $0; sub(/.*</, "", target); sub(/>.*/, "", target)
        sub(/\+0x.*/, "", target); sub(/@plt$/, "", target)
        if (target != name && index(name, announces) != 1) edge[target] = edge[target] " " name
    }
    END { # backwards from the collection
        n = split("rhi_minor_collect rhi_major_collect rhi_major_start " \
                  "rhi_major_step rhi_major_cancel", queue, " ")
        for (i = 1; i <= n; i++) seen[queue[i]] = 1
        for (i = 1; i <= n; i++) {
            count = split(edge[queue[i]], callers, " ")
            for (j = 1; j <= count; j++)
                if (!(callers[j] in seen)) {
                    seen[callers[j]] = 1; queue[++n] = callers[j]
                }
        }
        for (f in seen) if (f ~ /^rh_[a-z_0-9]+$/) print f
        count = split(by_contract, names, " ")
        for (i = 1; i <= count; i++) print names[i]
    }' | sort -u >"$scratch/got"

diff -u "$scratch/want" "$scratch/got" || fail "RH_MAY_COLLECT is wrong"
finish
