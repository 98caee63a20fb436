#!/bin/sh
# `rheap map': the picture shows what is there.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
scratch
cd "$scratch" || exit 99
full=$top_srcdir/tests/data/ruby-31-full.json.gz

# The cells of the picture are the pages of the JSON, by live share.
rheap map --json "$full" >pages || fail 'no pages'
rheap map "$full" >picture || fail 'no picture'
"$AWK" -F'[:,}]' '
    /overflow/ { mark["o"]++; next }
    {
        live = $6; slots = live + $8
        if (live == 0) mark["."]++
        else if (live == slots) mark["#"]++
        else if (4 * live <= slots) mark[":"]++
        else if (2 * live <= slots) mark["-"]++
        else if (4 * live <= 3 * slots) mark["+"]++
        else mark["*"]++
    }
    END { for (m in mark) print m, mark[m] }' pages | sort >wanted
sed -n 's/^ *[0-9,]\{1,\}  \([^(]*\)$/\1/p' picture |
    "$AWK" '{
        for (i = 1; i <= length($0); i++) {
            m = substr($0, i, 1)
            if (m != " ") mark[m]++
        }
    } END { for (m in mark) print m, mark[m] }' | sort >drawn
diff -u wanted drawn || fail 'other pages are drawn'
sed -n 's/^ \{10\}\(.\)  .*[^0-9,]\([0-9,]*\) pages*$/\1 \2/p' picture |
    grep -v ' 0$' | sort >legend
diff -u wanted legend || fail 'the legend counts otherwise'
rheap map - <"$full" | sed 1d | diff - picture | grep '^[<>]' | sed 1d |
    grep . && fail 'standard input gives another picture'

# Both SVGs: well-formed, all pages and slots in them, the same each time.
rheap map --svg heap.svg "$full" || fail 'no SVG of the heap'
rheap map --svg again.svg "$full"
cmp -s heap.svg again.svg || fail 'the SVG changes from time to time'
[ "$(grep -c '<g><title>page' heap.svg)" -eq "$(wc -l <pages)" ] ||
    fail 'not every page is in the SVG'
rheap map --svg page.svg --page 3980 --collect "$full" || fail 'no page SVG'
[ "$(grep -c '<g><title>slot' page.svg)" -eq 408 ] ||
    fail 'not every slot is in the SVG'
[ "$(grep -c 'class="border"' page.svg)" -eq 4 ] ||
    fail 'not four OS pages in the SVG'
if command -v xmllint >/dev/null; then
    xmllint --noout heap.svg page.svg || fail 'the SVG is not well-formed'
fi

# One page: letters for types, capital when marked, runs in order.
rheap map --page 3980 "$full" >page || fail 'no picture of a page'
rheap map --page 3980 --collect "$full" >marked || fail 'no picture of a page'
slots() {
    sed -n 's/^ *[0-9]\{1,\}  \([A-Za-z.?]\{1,\}\)$/\1/p' "$1" | tr -d '\n'
}
[ "$(slots page | wc -c)" -eq 408 ] || fail 'not 408 slots in the picture'
slots page | grep -q '[A-Z]' && fail 'marked before there was a collection'
slots marked | grep -q '[a-z]' && fail 'live after a collection, not marked'
free=$(slots marked | tr -cd . | wc -c)
runs=$(sed -n '/^free runs/,/^$/p' marked | sed 1d | tr -s ' >' '\n' |
    "$AWK" -F- '/^[0-9]/ { n += NF == 2 ? $2 - $1 + 1 : 1 } END { print n }')
[ "$free" -eq "$runs" ] || fail "$free free slots, $runs in free runs"
[ "$(grep -c '^-- OS page' page)" -eq 4 ] || fail 'not four OS pages'

# A heap made up: as the seed says.
rheap map --objects 50000 >one || fail 'no heap could be made up'
rheap map --objects 50000 >two
cmp -s one two || fail 'the same seed makes another heap'
rheap map --objects 50000 --seed 2 >two
cmp -s one two && fail 'another seed makes the same heap'
finish
