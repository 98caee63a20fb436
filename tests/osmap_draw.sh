#!/bin/sh
# The files that snapshots are drawn into: whole or not there, the same each
# time, nothing fetched from anywhere, and every dot of the PNG what it should
# be.
. "$(dirname "$0")/common.sh"
draw=$top_builddir/tests/osmap_draw
[ -x "$draw" ] || skip 'tests/osmap_draw is not built'
scratch
cd "$scratch" || exit 99

# The same each time.
for kind in html png; do
    "$draw" --$kind one.$kind --before =all =all-trimmed >totals ||
        fail "no $kind"
    "$draw" --$kind two.$kind --before =all =all-trimmed >/dev/null
    cmp -s one.$kind two.$kind || fail "the $kind changes from time to time"
done

# Nothing from outside, and no limit of size that mail or a browser has.
grep -nE 'https?:|//[a-z]+\.|@import|url\(|<link|<img| src=' one.html &&
    fail 'the page speaks of other places'
grep -q "default-src 'none'" one.html || fail 'the page may load things'
"$draw" --html large.html @100000 >/dev/null || fail 'no large page'
[ "$(wc -c <large.html)" -lt 1500000 ] || fail 'a block takes many bytes'

# What cannot be written is said, and leaves what was there.
# refused TEXT OPTION...: drawing fails, saying TEXT.
refused() {
    text=$1
    shift
    "$draw" "$@" >/dev/null 2>err && fail "$*: succeeds"
    grep -q "$text" err || fail "$*: says $(cat err)"
}
for kind in html png; do
    [ ! -e /dev/full ] || refused 'No space left' --$kind /dev/full =all
    refused 'No such file' --$kind "nowhere/x.$kind" =all
    refused 'No such file' --$kind "x.$kind" missing
    echo old >kept.$kind
    (
        trap '' XFSZ
        ulimit -f 1
        refused 'too large' --$kind kept.$kind @20000
        exit "$failures"
    ) || fail "a full disk, $kind"
    echo old | cmp -s - kept.$kind || fail "the old $kind is gone"
done
ls | grep -E '\.[A-Za-z0-9]{6}$' && fail 'something is left behind'

# Sizes of pages that are wished.
for edge in 1 2 5 16 31 64; do
    "$draw" --png "$edge.png" --edge "$edge" --before =two-pages \
        =two-pages-freed >/dev/null || fail "no PNG with pages of $edge"
done

# No fault, no leak.
if [ -z "$SAN_CFLAGS" ] &&
    { [ -n "${VALGRIND-}" ] || VALGRIND=$(command -v valgrind); }; then
    "$top_builddir/libtool" --mode=execute "$VALGRIND" -q --error-exitcode=99 \
        --leak-check=full --errors-for-leak-kinds=definite,possible \
        "$draw" --html v.html --png v.png --before =all =all-trimmed \
        >/dev/null 2>err || fail "valgrind, or a failure: $(cat err)"
    "$top_builddir/libtool" --mode=execute "$VALGRIND" -q --error-exitcode=99 \
        --leak-check=full --errors-for-leak-kinds=definite,possible \
        "$draw" --png /dev/full =all >/dev/null 2>err
    [ $? -eq 1 ] || fail "valgrind, when the disk is full: $(cat err)"
fi

# Every chunk of the PNG is whole, and there are as many dots of each color as
# units in each state; of white there is more, since paper is white, too.
command -v ruby >/dev/null || { echo 'no ruby: dots are not counted'; finish; }
for what in =all =all-trimmed =holes =two-pages-freed; do
    "$draw" --png dots.png --edge 16 "$what" >totals || fail "no PNG of $what"
    ruby -rzlib -e '
        data = File.binread("dots.png")
        abort "no PNG" unless data.start_with?("\x89PNG\r\n\x1A\n".b)
        at, chunks = 8, Hash.new { |all, type| all[type] = "".b }
        while at < data.size
          length, type = data[at, 8].unpack("Na4")
          body = data[at + 8, length]
          sum = data[at + 8 + length, 4].unpack1("N")
          abort "checksum of #{type}" if Zlib.crc32(type + body) != sum
          chunks[type] << body
          at += 12 + length
        end
        width, height, depth, kind = chunks["IHDR"].unpack("NNCC")
        abort "not indexed, 4 bits" unless [depth, kind] == [4, 3]
        rows = Zlib::Inflate.inflate(chunks["IDAT"])
        row = 1 + (width + 1) / 2
        abort "height" unless rows.size == row * height
        last = [0] * (row - 1)
        dots = Hash.new(0)
        height.times do |y|
          filter, *bytes = rows[y * row, row].bytes
          abort "filter #{filter}" unless filter.zero?
          digits = bytes.flat_map { |b| [b >> 4, b & 15] }.first(width)
          digits.tally.each { |ink, n| dots[ink] += n }
        end
        totals = Hash[*File.read("totals").split].transform_values(&:to_i)
        swatch = 24 * 16
        { "used" => [3, 4, 12, 13], "free_resident" => [5, 6],
          "cached" => [8, 9], "not_ours" => [10, 11] }.each do |state, inks|
          is = inks.sum { |ink| dots[ink] } - swatch
          is -= swatch if state == "used" && dots[12] + dots[13] > 0
          wanted = totals[state] / 16
          abort "#{state}: #{is} dots, not #{wanted}" if is != wanted
        end
    ' || fail "the PNG of $what is wrong"
done
finish
