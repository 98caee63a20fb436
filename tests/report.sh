#!/bin/sh
# The other ways in which `rheap replay' reports: Scrap's block, the record, the
# text; and rare kinds of objects.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
need ruby
scratch
cd "$scratch" || exit 99
full=$top_srcdir/tests/data/ruby-31-full.json.gz

# Scrap's numbers, computed from the dump slot by slot.
rheap replay --no-collect --report "$full" >block || fail 'no block'
ruby -rjson -rzlib -e '
    lines = Zlib::GzipReader.open(ARGV[0]).each_line.map { |l| JSON.parse(l) }
    records = lines.reject { |r| r["type"] == "ROOT" }
    objects = records.reject { |r| r["type"] == "NONE" }
    pages = Hash.new { |all, page| all[page] = Array.new(408, false) }
    records.each do |r|
      page, offset = r["address"].to_i(16).divmod(16_384)
      slot = (offset - ((page * 16_384 + 47) / 40 * 40 - page * 16_384)) / 40
      pages[page][slot] = r["type"] != "NONE" if slot < 408
      pages[page]
    end
    slots = pages.size * 408
    single = ->(r) { r["type"] == "CLASS" && r["singleton"] }
    ast = objects.count { |r| %w[NODE ICLASS].include?(r["type"]) || single.(r) }
    terminal = objects.count do |r|
      %w[FILE REGEXP FLOAT BIGNUM CLASS].include?(r["type"]) && !single.(r)
    end
    leading = pages.values.sum { |p| p.index(true) || 408 }
    trailing = pages.values.sum { |p| p.rindex(true) ? 407 - p.rindex(true) : 0 }
    groups = pages.values.sum { |p| p.each_slice(16).count { |g| g.size == 16 && g.none? } }
    kb = ->(n) { n * 40 / 1024.0 }
    part = ->(n, of) { n * 100.0 / of }
    printf("Number of objects    : %d (%d AST nodes, %.2f%%)\n",
           objects.size, ast, part.(ast, objects.size))
    puts "Heap slot size       : 40", "GC cycles so far     : 0"
    puts "Number of heaps      : #{pages.size}"
    printf("Total size of objects: %.2f KB\n", kb.(objects.size))
    unused = slots - objects.size
    printf("Total size of heaps  : %.2f KB (%.2f KB = %.2f%% unused)\n",
           kb.(slots), kb.(unused), part.(unused, slots))
    { "Leading" => leading, "Trailing" => trailing }.each do |name, n|
      printf("%-21s: %d (%.2f KB = %.2f%%)\n", "#{name} free slots", n,
             kb.(n), part.(n, slots))
    end
    printf("Number of contiguous groups of 16 slots: %d (%.2f%%)\n",
           groups, part.(groups * 16, slots))
    printf("Number of terminal objects: %d (%.2f%%)\n",
           terminal, part.(terminal, slots))
' "$full" >wanted
sed 1,2d block | diff -u wanted - || fail 'other numbers in the block'
head -n 1 block | grep -qE '^\[[0-9]+\.[0-9]{2} MB\] LOAD ' ||
    fail "the first line of the block: $(head -n 1 block)"
rheap replay --report "$full" | grep -c '^\[' | grep -qx 2 ||
    fail 'not a block before and a block after the collection'

# The record: every line JSON, and the numbers those of the result.
rheap replay --json --record record "$full" >result || fail 'no record'
ruby -rjson -e '
    record = File.foreach("record").map { |line| JSON.parse(line) }
    result = JSON.parse(File.read("result"))
    events = record.drop(1).map { |r| r["event"] }
    abort "events: #{events}" if events != %w[grow collection end]
    abort "no head" if record[0].values_at("record", "version") != ["rheap", 1]
    grow, collection, = record.drop(1)
    abort "live" if grow["live"] != result["objects"]
    abort "after" if collection["live"] != result["after"]["objects"]
    abort "freed" if collection["freed_objects"] != result["freed"]["objects"]
    abort "pages" if grow["pages"] * 408 != grow["slots"]
' || fail 'the record is wrong'

# The text says what the JSON says.
rheap replay "$full" >text || fail 'no text'
ruby -rjson -e '
    result = JSON.parse(File.read("result"))
    text = File.read("text")
    comma = ->(n) { n.to_s.gsub(/(\d)(?=(\d{3})+$)/, "\\1,") }
    wanted = ["#{comma.(result["objects"])} objects on #{result["pages"]["eden"]} pages"]
    result["by_type"].each { |type, n| wanted << /^#{type} +#{comma.(n)} / }
    wanted << /^eden pages +#{result["pages"]["eden"]} +#{result["after"]["pages"]["eden"]}$/
    wanted << /^free slots +#{comma.(result["slots"]["free"])} /
    wanted << /^slot fragmentation +#{format("%.3f", result["fragmentation"]["slot"])} /
    wanted.each { |w| abort "the text lacks #{w}" unless text.match?(w) }
    long = text.lines.drop(1).find { |line| line.chomp.size > 80 }
    abort "too long: #{long}" if long
' || fail 'the text says something else'

# Kinds of slots that are rare, or Ruby has and we have not, keep their names.
address=5368709160
for type in NODE ZOMBIE MOVED UNKNOWN COMPLEX RATIONAL MATCH ICLASS MODULE; do
    printf '{"address":"0x%x", "type":"%s", "memsize":40}\n' $address $type
    address=$((address + 40))
done >rare
rheap replay --verify --json rare >result || fail 'rare types are not loaded'
for type in NODE ZOMBIE MOVED UNKNOWN COMPLEX RATIONAL MATCH ICLASS MODULE; do
    [ "$(grep -o "\"$type\":1" result | wc -l)" -eq 2 ] ||
        fail "$type: not counted before and after"
done

# Ruby 2.1 left the slot out of memsize; one object shows it.
{
    printf '{"address":"0x140000028", "type":"STRING", "bytesize":23, '
    printf '"memsize":24}\n'
    printf '{"address":"0x140000050", "type":"STRING", "bytesize":999, '
    printf '"memsize":1000}\n'
} >bare
rheap replay --json bare | grep -q '"external_bytes":1024,' ||
    fail 'memsize without the slot is not understood'

# Nothing is left behind when all goes well.
watched_rheap replay --verify --dump dump.gz --record record \
    "$top_srcdir/tests/data/ruby-40.json.gz" >/dev/null 2>err ||
    fail "valgrind, or a failure: $(cat err)"
watched_rheap replay --json dump.gz >/dev/null 2>err ||
    fail "valgrind, or a failure: $(cat err)"
for options in '' '--json' '--svg svg' '--page 0' '--page 0 --json' \
    '--page 0 --svg svg'; do
    # shellcheck disable=SC2086
    watched_rheap map $options rare >/dev/null 2>err ||
        fail "map $options: valgrind, or a failure: $(cat err)"
done
watched_rheap map --objects 2000 >/dev/null 2>err ||
    fail "valgrind, or a failure: $(cat err)"
finish
