#!/bin/sh
# Writes the seeds of fuzz_ops and fuzz_environment, small files to start from.
# Run it in this directory after changing it, and commit what it writes.
#
# An input of fuzz_ops begins with six bytes: OS page, slot size, growth, kind
# (1: trims, 2: generations, 4: in steps by itself, 8: a small nursery), initial
# slots / 16, and the call for memory that fails (0: none).  Then come
# operations by letter; digits and capitals stand for bytes to work on.
cd "$(dirname "$0")" || exit 1
mkdir -p corpus/fuzz_ops corpus/fuzz_environment

ops() {
    # shellcheck disable=SC2059
    printf "$2" >"corpus/fuzz_ops/$1"
}

# Objects, links, garbage, collections.
ops objects '\0\0\0\0\0\0a0000a1010a2121cl0123d0cg9cu12cv'
# Buffers that come, grow, shrink and go, past the limit of 1,000 bytes.
ops buffers '\0\0\0\0\0\0a0000b009b00zb001f00b00zb00zya0000cj91j90'
# Handles and scopes, inner and outer.
ops scopes '\0\0\0\0\0\0a0000sh9sh5sh3cr1h2cr0c'
# Many pages, trimmed and used again; granules of 64 KB; CRuby's rule.
ops pages '\3\0\1\1\20\0gzgzgzct3gzgzct1gzpapbpcyct2'
# Large slots, REE'"'"'s rule, a stressed and a disabled heap.
ops moods '\1\5\2\0\4\0x1a0000a1000n2x0e0gzgze1ygzw00v'
# Memory fails at each of the next calls in turn.
ops faults '\0\2\0\0\20\0m1gzm2gzm3b009m1a0000m4h9m5k1m6o9gzct3'
# No memory for the heap itself.
ops stillborn '\0\0\0\0\0\2a'
# Listeners to everything while the heap works.
ops events '\0\1\0\0\1\0ozgza0000ct3gzcoza0000'

# The young, and what is stored into the old.
ops generations '\0\0\0\2\0\0i61a0000a1010i0a2121l01i0g9l1213i0v0cv0i7'
# A major collection in steps, changed in between, cancelled, finished.
ops steps '\0\0\0\2\0\0i61a0000a1010a2121gzi0i1z\1l01z\2d1a3333i0z\1gzi3i1z\5i40l12z\1i2v0'
# Sweeping while objects are made, with buffers; pages given back meanwhile.
ops sweeping '\0\0\0\2\0\0a0000b009b00zgza1000b109gzi0d0d1i1z\0gzz\1gat3z\1gzw00v0z\0'
# By itself, with a small nursery, majors refused and allowed again.
ops nurseries '\0\0\1\15\1\0a0000gza1111gzb109i50gzgzi51gzgzb10zgzyi7c'
# Stress: the young, lazily, by buffers, in steps.
ops stress '\0\0\0\2\0\0x3a0000a1000g1x5a2000g1x9b009g1xqa3000g1l01xsa4000g1l13g1x0v0'
# Memory fails in heaps with generations.
ops old_faults '\0\0\0\6\1\0a0000i0m1gzm2gzi1m1gzm3b009z\1m1gzm2k1'

environment() {
    cat >"corpus/fuzz_environment/$1"
}

environment cruby <<'END'
RUBY_GC_HEAP_INIT_SLOTS=600000
RUBY_GC_HEAP_FREE_SLOTS=4k
RUBY_GC_HEAP_GROWTH_FACTOR=1.25
RUBY_GC_HEAP_GROWTH_MAX_SLOTS=300000
RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=0.2
RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO=0.4
RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=0.65
RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=1.3
RUBY_GC_MALLOC_LIMIT=16M
RUBY_GC_MALLOC_LIMIT_MAX=32M
RUBY_GC_MALLOC_LIMIT_GROWTH_FACTOR=1.4
RUBY_GC_OLDMALLOC_LIMIT=16777216
RUBY_GC_OLDMALLOC_LIMIT_MAX=0x8000000
RUBY_GC_OLDMALLOC_LIMIT_GROWTH_FACTOR=1.2
END
environment ree <<'END'
RUBY_HEAP_MIN_SLOTS=500000
RUBY_HEAP_SLOTS_INCREMENT=250000
RUBY_HEAP_SLOTS_GROWTH_FACTOR=1
RUBY_GC_MALLOC_LIMIT=50000000
RUBY_HEAP_FREE_MIN=4096
RUBY_FREE_MIN=8192
RUBY_GC_HEAP_FREE_SLOTS=1G
END
environment odd <<'END'
RUBY_GC_HEAP_INIT_SLOTS
RUBY_GC_HEAP_INIT_SLOTS=-1
RUBY_GC_HEAP_GROWTH_FACTOR=1,8
RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO=nan
RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO=1e400
RUBY_GC_MALLOC_LIMIT=18446744073709551616G
=
END
