#!/bin/sh
# A million objects: at most 5 seconds of a processor and 200 MB beside what the
# objects hold outside their slots.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby
[ -z "$SAN_CFLAGS" ] || skip 'an instrumented build is slow and large'
scratch
ruby "$top_srcdir/tests/scale_dump.rb" \
    "$top_srcdir/tests/data/ruby-31.json.gz" 82 >"$scratch/large.json" ||
    exit 99
ruby -rjson -e '
    tool, dump = ARGV
    result = JSON.parse(IO.popen([tool, "replay", "--json", dump], &:read))
    used = Process.times.cutime + Process.times.cstime
    kb = result["peak_rss_kb"] - result["stat"]["x_external_usable"] / 1024
    wall = (result["load_ms"] + result["collection_ms"]) / 1000
    printf("%d objects: %.1f s of a processor, %.1f s in all, %d MB\n",
           result["objects"], used, wall, kb / 1024)
    exit result["objects"] > 1_000_000 && used < 5 && kb < 200 * 1024
' "$tool" "$scratch/large.json" || fail 'too slow or too large'
finish
