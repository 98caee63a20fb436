#!/bin/sh
# The dumps of real Rubies in tests/data, plain and full: replay finds what an
# independent reading of the dump finds, and can write and read the result.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby gzip
scratch
data=$top_srcdir/tests/data
oracle=$top_srcdir/tests/replay_oracle.rb

# replay NAME DUMP OPTIONS...: the result is in $scratch/NAME.json.
replay() {
    result=$1 dump=$2
    shift 2
    rheap replay --verify --json "$@" "$dump" \
        >"$scratch/$result.json" 2>"$scratch/err" ||
        fail "$result: $(cat "$scratch/err")"
}

# check NAME DUMP [STAT]: against the oracle.
check() {
    ruby "$oracle" "$2" "$scratch/$1.json" ${3+"$3"} >"$scratch/differences" ||
        fail "$1: $(cat "$scratch/differences")"
}

for version in 27 31 34 40; do
    for kind in '' -full; do
        name=ruby-$version$kind
        replay "$name" "$data/$name.json.gz" --dump "$scratch/$name.dump.gz"
        # The process of 2.7 had made 86 objects more when it wrote its
        # GC.stat, too many for the comparison.
        case $version in
        27) check "$name" "$data/$name.json.gz" ;;
        *) check "$name" "$data/$name.json.gz" "$data/$name.stat" ;;
        esac
        replay "$name-again" "$scratch/$name.dump.gz"
        check "$name-again" "$scratch/$name.dump.gz"
        ruby -rjson -e '
            first = JSON.parse(File.read(ARGV[0]))["after"]
            again = JSON.parse(File.read(ARGV[1]))
            keys = %w[objects by_type memsize external_bytes roots reachable]
            keys.each do |key|
              next if first[key] == again[key]
              puts "#{key}: #{first[key]}, again #{again[key]}"
            end' "$scratch/$name.json" "$scratch/$name-again.json" |
            grep . && fail "$name: the dump of the result is not the same heap"
    done
done

# Object by object, at its place.
for name in ruby-27-full ruby-31 ruby-31-full ruby-34 ruby-40-full; do
    case $name in
    ruby-27* | ruby-31*) layout=original ;;
    *) layout=fresh ;;
    esac
    replay loaded "$data/$name.json.gz" --no-collect \
        --dump "$scratch/copy.json"
    ruby "$top_srcdir/tests/replay_fidelity.rb" "$data/$name.json.gz" \
        "$scratch/copy.json" $layout >"$scratch/differences" ||
        fail "$name: $(cat "$scratch/differences")"
done

# Ways to load that must not change what is found.
full=$data/ruby-31-full.json.gz
for options in --no-external --layout=fresh '--layout=original --no-collect'; do
    # shellcheck disable=SC2086
    replay options "$full" $options
    check options "$full"
done
gzip -dc "$full" >"$scratch/plain"
replay plain "$scratch/plain"
check plain "$scratch/plain"
rheap replay --json - <"$full" >"$scratch/stdin.json" ||
    fail 'standard input is not read'
check stdin "$full"

# Slots of several sizes have no original place.
rheap replay --layout=original "$data/ruby-34.json.gz" >"$scratch/out" \
    2>"$scratch/err"
[ $? -eq 1 ] || fail 'an original layout of Ruby 3.4 is not refused'
grep -q 'use --layout=fresh' "$scratch/err" ||
    fail "refused without the reason: $(cat "$scratch/err")"

# Without ROOT lines (since:) all objects are roots and edges may lead out.
gzip -dc "$full" | grep -v '"type":"ROOT"' | sed '100,200d' \
    >"$scratch/since"
replay since "$scratch/since"
check since "$scratch/since"

# Pages too far apart for one region: the gaps are closed, and counted.
{
    gzip -dc "$full"
    printf '{"address":"0x140000028", "type":"STRING", "memsize":40}\n'
} >"$scratch/far"
rheap replay --json "$scratch/far" >"$scratch/far.json" ||
    fail 'far pages are not loaded'
grep -qE '"gaps_closed":[1-9]' "$scratch/far.json" ||
    fail 'gaps are not counted'
finish
