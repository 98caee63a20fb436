#!/bin/sh
# The HTML map in a browser: the numbers are those of the snapshot, keys and
# clicks do what they should, nothing is loaded and nothing complains.
. "$(dirname "$0")/common.sh"
draw=$top_builddir/tests/osmap_draw
[ -x "$draw" ] || skip 'tests/osmap_draw is not built'
for browser in chromium-headless-shell chromium chromium-browser \
    google-chrome ''; do
    [ -n "$browser" ] || skip 'there is no Chromium'
    command -v "$browser" >/dev/null && break
done
scratch
cd "$scratch" || exit 99
HOME=$scratch
export HOME

# as_object: totals as the script wants them, from a line of words and numbers.
as_object() {
    "$AWK" '{
        printf "{"
        for (i = 1; i < NF; i += 2)
            printf "\"%s\":%s,", $i, $(i + 1)
        print "}"
    }'
}

# browse NAME FRAGMENT OPTION...: what the page NAME.html with its test says.
browse() {
    name=$1
    fragment=$2
    shift 2
    timeout 300 "$browser" --headless --no-sandbox --disable-gpu \
        --disable-dev-shm-usage --no-first-run --window-size=1400,1000 \
        --user-data-dir="$scratch/profile" --virtual-time-budget=120000 \
        --host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr \
        --dump-dom "$@" "file://$scratch/$name.html$fragment" \
        >"$name.dom" 2>"$name.log"
    sed -n '/<pre id="result">/,/^end$/p' "$name.dom" >"$name.result"
    grep -q '^end$' "$name.result" || {
        fail "$name: the page did not come to its end"
        tail -n 5 "$name.log"
    }
    grep '^not ok' "$name.result" && fail "$name: see above"
    # What it says of getImageData() is about the test itself.
    grep 'CONSOLE' "$name.log" | grep -v willReadFrequently &&
        fail "$name: the browser complains"
    [ "$(grep -c '^ok' "$name.result")" -ge 6 ] || fail "$name: few checks"
}

# add_test NAME WANTED: the test into the page NAME.html.
add_test() {
    {
        printf '<script>const wanted = {%s};</script>\n<script>\n' "$2"
        cat "$top_srcdir/tests/osmap_page.js"
        printf '</script>\n'
    } >>"$1.html"
}

# One snapshot, used from all sides; and in the dark.
"$draw" --html all.html =all >totals || fail 'no page'
wanted="after:$(as_object <totals),address:'555555560123'"
add_test all "$wanted,title:'all',isThorough:true"
browse all ''
browse all '' --blink-settings=preferredColorScheme=0
browse all '' --force-device-scale-factor=2

# An address of a view, and a title that would like to be HTML.
title='</script><b id=bad>"\'
"$draw" --title "$title" --html named.html =all >totals || fail 'no page'
add_test named \
    "after:$(as_object <totals),title:'<\/script><b id=bad>\"\\\\',crumb:'arena 1'"
browse named '#area-7ffff0000000'
grep -q 'id="bad"' named.dom && fail 'a title became HTML'

# Two snapshots, moving and not.
"$draw" --html two.html --before =all =all-trimmed >totals || fail 'no page'
"$draw" =all >before
add_test two "before:$(as_object <before),after:$(as_object <totals),title:'all-trimmed'"
browse two ''
browse two '' --force-prefers-reduced-motion

# A program, as `rheap osmap' has recorded it: the page says what the JSON says.
rheap=$top_builddir/tools/rheap
if [ -f "$top_builddir/tools/.libs/rheap-osmap.so" ] && [ -z "$SAN_CFLAGS" ] &&
    [ -r /proc/self/pagemap ]; then
    "$rheap" osmap --json --html live.html -- \
        "$AWK" 'BEGIN { for (i = 0; i < 30000; i++) a[i] = i "" i }' \
        >live.json || fail 'no map of a program'
    add_test live "json:$(cat live.json)"
    browse live ''
fi

# As many blocks as a large program has.
"$draw" --html large.html @1000000 >totals || fail 'no page'
add_test large "after:$(as_object <totals),title:'a large program'"
browse large ''
finish
