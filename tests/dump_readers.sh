#!/bin/sh
# Dumps of heaps that were traced, as others read them: a strict JSON parser,
# heapy, and rheap itself, which finds every object, its place and its site
# again.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby
program=$top_builddir/tests/traced_dump
[ -x "$program" ] || skip 'the C tests are not built'
scratch

for kind in all full 0 3 6; do
    case $kind in all) set -- ;; *) set -- "$kind" ;; esac
    "$program" "$@" >"$scratch/$kind" || fail "$kind: no dump"
done

# Each line is JSON; what was asked for is there, and nothing else.
ruby -rjson -e '
    bad = []
    dumps = %w[all full 0 3 6].to_h do |kind|
      lines = File.readlines(File.join(ARGV[0], kind), encoding: "UTF-8")
      [kind, lines.map { |line| JSON.parse(line) }]
    end
    types = dumps.transform_values { |rows| rows.map { |r| r["type"] }.tally }
    # Of a zombie there is nothing to tell.
    traced = dumps["all"].select { |r| r["generation"] || r["type"] == "ZOMBIE" }
    bad << "roots: #{types}" unless types.values.map { |t| t["ROOT"] } == [1, 1, 1, nil, nil]
    bad << "free slots: #{types}" unless types["full"]["NONE"].to_i > 0 && types.values.one? { |t| t["NONE"] }
    bad << "since 0 has not all that was traced" unless dumps["0"].drop(1) == traced
    bad << "since 3" unless dumps["3"] == traced.select { |r| r["generation"].to_i >= 3 }
    bad << "since 6 has something" unless dumps["6"].empty?
    bad << "full has others" unless dumps["full"].reject { |r| r["type"] == "NONE" } == dumps["all"]
    strings = traced.select { |r| r["value"] == "generation" }
    bad << "generations #{strings.map { |r| r["generation"] }.tally}" unless strings.map { |r| r["generation"] }.tally == { 1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5 }
    files = strings.map { |r| r["file"] }.tally
    # Bytes that are no UTF-8 are written one by one.
    want = { "lib/plain.rb" => 7, "C:\\w\"i\"n.rb" => 5, "lib/\u00c3\u00a4\u00ff\n.rb" => 3 }
    bad << "files #{files}" unless files == want
    bad << "methods" unless strings.count { |r| r["method"] == "\u00e9tat?" } == 5
    bad << "class paths" unless strings.count { |r| r["x_class_path"] == "Shop::\"Cart\"" } == 3
    bad << "lines" unless strings.count { |r| r["line"] } == 12
    bad << "unknown places" unless traced.count { |r| !r["file"] } > 30
    keys = strings.first.keys
    order = %w[bytesize value file line generation memsize flags x_page x_slot]
    bad << "order #{keys}" unless (keys & order) == order
    puts bad
    exit bad.empty?' "$scratch" >"$scratch/differences" ||
    fail "as JSON: $(cat "$scratch/differences")"

# rheap reads it, and writes it again: the same heap, the same sites.
for kind in all full; do
    rheap replay --verify --no-collect --dump "$scratch/$kind.again" \
        "$scratch/$kind" >"$scratch/out" || fail "$kind: cannot be replayed"
    ruby -rjson -e '
        keys = %w[type frozen bytesize value length size file line method
                  generation x_class_path memsize x_page x_slot]
        first, again = ARGV.map do |path|
          rows = File.readlines(path).map { |line| JSON.parse(line) }
          rows = rows.reject { |r| r["type"] == "ROOT" }
          place = rows.to_h { |r| [r["address"], [r["x_page"], r["x_slot"]]] }
          rows.to_h do |r|
            edges = (r["references"] || []).map { |a| place[a] }.sort
            [place[r["address"]], [r.slice(*keys), place[r["class"]], edges]]
          end
        end
        (first.keys | again.keys).each do |at|
          next if first[at] == again[at]
          puts "page and slot #{at}: #{first[at]}, again #{again[at]}"
        end' "$scratch/$kind" "$scratch/$kind.again" >"$scratch/differences"
    [ ! -s "$scratch/differences" ] ||
        fail "$kind: read and written again: $(head -n 5 "$scratch/differences")"
done

# heapy: by generation, and the difference of two dumps.
command -v heapy >/dev/null || {
    [ "$failures" -eq 0 ] || exit 1
    skip 'there is no heapy (Debian: ruby-heapy) to read dumps with'
}
heapy read "$scratch/all" >"$scratch/out" 2>&1 || fail 'heapy read'
grep -q 'Could not parse' "$scratch/out" && fail 'heapy cannot parse a line'
for generation in 1 2 3 4 5; do
    grep -qE "Generation: *$generation object count: $generation," \
        "$scratch/out" ||
        fail "heapy: generation $generation: $(cat "$scratch/out")"
done
heapy read "$scratch/all" 5 >"$scratch/out" 2>&1 || fail 'heapy read 5'
grep -qE '^ *40  lib/plain.rb:10' "$scratch/out" ||
    fail "heapy: places of generation 5: $(cat "$scratch/out")"
grep -qF 'object count (5)' "$scratch/out" ||
    fail "heapy: objects of generation 5: $(cat "$scratch/out")"
heapy diff "$scratch/3" "$scratch/0" >"$scratch/out" 2>&1 ||
    fail "heapy diff: $(cat "$scratch/out")"
grep -q 'Allocated STRING 2 objects.*lib/plain.rb:10' "$scratch/out" ||
    fail "heapy diff: $(cat "$scratch/out")"
finish
