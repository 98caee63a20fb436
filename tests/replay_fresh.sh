#!/bin/sh
# Dumps that the installed Ruby writes now: what replay finds is what an
# independent reading finds, and what that process said about itself.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby
ruby -robjspace -e 'exit ObjectSpace.respond_to?(:dump_all)' ||
    skip 'this Ruby cannot dump its heap'
scratch

for objects in 0 2000 50000; do
    for kind in plain full since; do
        dump=$scratch/$kind-$objects
        ruby "$top_srcdir/tests/fresh_dump.rb" "$dump" $kind $objects ||
            { fail "no $kind dump"; continue; }
        rheap replay --verify --json "$dump" >"$dump.result" ||
            fail "a $kind dump with $objects objects is not loaded"
        set -- "$dump" "$dump.result"
        [ $kind = since ] || set -- "$@" "$dump.stat"
        ruby "$top_srcdir/tests/replay_oracle.rb" "$@" \
            >"$scratch/differences" ||
            fail "$kind, $objects objects: $(cat "$scratch/differences")"
    done
done

# What Ruby writes wrongly is called by its name.
(
    cd "$scratch" || exit 1
    cat >wrong.rb <<'END'
# encoding: utf-8
require 'objspace'
ObjectSpace.trace_object_allocations_start
eval('def naïve; 1.to_s; end; KEPT = naïve', TOPLEVEL_BINDING, 'a"path.rb', 1)
ObjectSpace.dump_all(output: File.open('wrong', 'w'))
END
    ruby wrong.rb
) || fail 'no dump with wrong lines'
if rheap replay "$scratch/wrong" >/dev/null 2>"$scratch/err"; then
    echo 'this Ruby escapes paths and names'
else
    grep -qE 'Ruby (does not escape|writes a method name)' "$scratch/err" ||
        fail "a wrong line is not known: $(cat "$scratch/err")"
    rheap replay --skip-bad-lines "$scratch/wrong" >/dev/null \
        2>"$scratch/err" || fail "not skipped: $(cat "$scratch/err")"
fi

# A freshly started irb, beside the article's figure.
if command -v irb >/dev/null; then
    printf '%s\n' 'require "objspace"' \
        "ObjectSpace.dump_all(output: File.open('$scratch/irb', 'w'), full: true)" |
        irb -f >/dev/null 2>&1
    rheap replay --json --no-collect "$scratch/irb" >"$scratch/irb.json" ||
        fail 'the dump of irb is not loaded'
    printf 'slot fragmentation of irb: %s (the article: 0.006)\n' \
        "$(sed 's/.*"fragmentation":{"slot":\([0-9.]*\).*/\1/' \
            "$scratch/irb.json")"
fi
finish
