#!/bin/sh
# A million objects: at most 5 seconds and 200 MB beside what the objects hold
# outside their slots.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby
[ -z "$SAN_CFLAGS" ] || skip 'an instrumented build is slow and large'
scratch
ruby "$top_srcdir/tests/scale_dump.rb" \
    "$top_srcdir/tests/data/ruby-31.json.gz" 82 >"$scratch/large.json" ||
    exit 99
rheap replay --json "$scratch/large.json" >"$scratch/result.json" ||
    fail 'a large dump is not loaded'
ruby -rjson -e '
    result = JSON.parse(File.read(ARGV[0]))
    ms = result["load_ms"] + result["collection_ms"]
    kb = result["peak_rss_kb"] - result["stat"]["x_external_usable"] / 1024
    puts "#{result["objects"]} objects: #{ms.round} ms, #{kb / 1024} MB"
    exit result["objects"] > 1_000_000 && ms < 5000 && kb < 200 * 1024
' "$scratch/result.json" || fail 'too slow or too large'
finish
