#!/bin/sh
# `rheap osmap': what it records is what the program did, and what the kernel
# says; the program itself notices nothing.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
churn=$top_builddir/tests/osmap_churn
[ -x "$churn" ] || skip 'there is no program to record'
[ -f "$top_builddir/tools/.libs/rheap-osmap.so" ] ||
    skip 'there is no recorder in this build'
[ -z "$SAN_CFLAGS" ] || skip 'the sanitizer brings its own malloc'
[ -r /proc/self/pagemap ] || skip 'the system does not tell about pages'
scratch
cd "$scratch" || exit 99
TMPDIR=$scratch
export TMPDIR

# number KEY FILE: the first number under a key of a JSON file.
number() {
    sed -n "s/^.*\"$1\":\(-\{0,1\}[0-9]*\).*/\1/;s/[^0-9-].*//p" "$2" | head -1
}
# total KEY FILE [LINE]: of the object "total".
total() {
    sed -n "${3:-\$}s/.*\"total\":{[^}]*\"$1\":\([0-9]*\).*/\1/p" "$2"
}

# --- the program notices nothing ---------------------------------------------

for what in 'hold 100 1000' threads forks every closed quit descriptors; do
    # shellcheck disable=SC2086
    "$churn" $what >plain 2>plain.err
    plain=$?
    # The JSON is one line, behind what the program printed.
    # shellcheck disable=SC2086
    rheap osmap --json -- "$churn" $what >recorded 2>recorded.err ||
        fail "$what: exit status $?: $(cat recorded.err)"
    sed '$d' recorded | cmp -s plain - || fail "$what: prints something else"
    tail -1 recorded >json
    grep -q "\"program_status\":$plain[,}]" json ||
        fail "$what: another exit status than $plain"
    grep -v "ended with status $plain" recorded.err | cmp -s plain.err - ||
        fail "$what: writes something else to standard error"
done
[ -z "$(ls -d "$scratch"/rheap-osmap.* 2>/dev/null)" ] ||
    fail 'a directory stays behind'

# A program that runs programs: only the first is drawn, or all.
rheap osmap --json -- "$churn" forks 2>errors | grep -c '^{' >count
[ "$(cat count)" -eq 1 ] || fail 'children are drawn unasked'
rheap osmap --json --children -- "$churn" forks 2>errors | grep -c '^{' >count
[ "$(cat count)" -gt 60 ] || fail "of 100 children only $(cat count) are drawn"

# --- it is exact -------------------------------------------------------------

rheap osmap --json -- "$churn" hold 0 1 2>/dev/null | tail -1 >none
rheap osmap --json --save held -- "$churn" hold 5000 1000 2>/dev/null |
    tail -1 >json
blocks=$(($(total blocks json) - $(total blocks none)))
[ "$blocks" -eq 5000 ] || fail "of 5,000 blocks $blocks were recorded"
used=$(($(total used_kb json) - $(total used_kb none)))
wanted=$((5000 * 1008 / 1024))
[ "$used" -ge $((wanted - 1)) ] && [ "$used" -le $((wanted + 1)) ] ||
    fail "5,000 blocks of 1,008 bytes are $used KB"
rheap osmap --json -- "$churn" hold 3 1000000 2>/dev/null | tail -1 >json
[ "$(grep -o '"kind":"mapped"' json | wc -l)" -ge 1 ] ||
    fail 'blocks with a mapping of their own are left out'
rheap osmap --json -- "$churn" every 2>/dev/null | tail -1 >json
blocks=$(($(total blocks json) - $(total blocks none)))
[ "$blocks" -eq 10 ] || fail "of ten blocks by nine functions: $blocks"
rheap osmap --json -- "$churn" threads 2>/dev/null | tail -1 >json
blocks=$(($(total blocks json) - $(total blocks none)))
[ "$blocks" -ge 0 ] && [ "$blocks" -le 20 ] ||
    fail "threads that freed all have $blocks blocks"
grep -q 'had not been seen' json && fail 'threads freed what was not seen'

# check_sums FILE: the parts make the whole, on every line; and resident pages
# are what smaps says, within 1%.
check_sums() {
    tr '{' '\n' <"$1" | sed -n '/"virtual_kb"/p' | tr -d '"}]' |
        "$AWK" -F'[,:]' '
        {
            for (i = 1; i < NF; i++) value[$i] = $(i + 1)
            parts = value["used_kb"] + value["cached_kb"]
            parts += value["free_resident_kb"] + value["not_ours_kb"]
            if (value["virtual_kb"] != parts + value["released_kb"])
                print "parts are not the whole: " $0
            if (value["resident_kb"] != parts - value["swapped_kb"])
                print "resident is not what is not released: " $0
            if (value["smaps_resident_kb"] ~ /^[0-9]+$/) {
                smaps += value["smaps_resident_kb"]
                ours += value["resident_kb"]
            }
            split("", value)
        }
        END {
            difference = smaps > ours ? smaps - ours : ours - smaps
            if (difference * 100 > smaps || !smaps)
                print "resident " ours " KB, smaps " smaps " KB"
        }' >sums || fail 'no sums'
    [ ! -s sums ] || fail "$(cat sums)"
}
check_sums json

# --- before and after a trim -------------------------------------------------

rheap osmap --on-signal --json --save trim -- "$churn" trim 2>/dev/null |
    sed 1d >json
[ "$(wc -l <json)" -eq 3 ] || fail 'not two signals and an end'
check_sums json
fell=$(($(total resident_kb json 1) - $(total resident_kb json 2)))
rose=$(($(total released_kb json 2) - $(total released_kb json 1)))
[ "$fell" -gt 10000 ] || fail "malloc_trim gave back $fell KB only"
rheap osmap --json --snapshot trim.2 --before trim.1 >change
given=$(sed -n 's/.*"free_resident_to_released_kb":\([0-9]*\).*/\1/p' change)
gone=$(number gone_kb change)
[ "$((given - fell + gone))" -ge $((-fell / 100)) ] &&
    [ "$((given - fell - gone))" -le $((fell / 100)) ] ||
    fail "resident fell by $fell KB, released are $given KB, gone $gone KB"
[ "$rose" -gt 0 ] || fail 'the released share did not grow'
process=$(($(sed -n '1s/.*"process_resident_kb":\([0-9]*\).*/\1/p' json) -
    $(sed -n '2s/.*"process_resident_kb":\([0-9]*\).*/\1/p' json)))
[ "$((process - fell))" -le $((fell / 50)) ] &&
    [ "$((fell - process))" -le $((fell / 50)) ] ||
    fail "the process fell by $process KB, the map by $fell KB"
[ "$(total used_kb json 1)" -eq "$(total used_kb json 2)" ] ||
    fail 'a trim changed what is used'

# The same of a Ruby program like the article's.
if command -v ruby >/dev/null && ruby -rfiddle -e 0 2>/dev/null; then
    cat >article.rb <<'END'
require 'fiddle'
trim = Fiddle::Function.new(Fiddle::Handle::DEFAULT['malloc_trim'],
                            [Fiddle::TYPE_SIZE_T], Fiddle::TYPE_INT)
8.times.map { |seed|
  Thread.new {
    random = Random.new(seed)
    20.times { Array.new(1500) { 'x' * (24 + random.rand(4000)) } }
  }
}.each(&:join)
GC.start
Process.kill(60, $$)
trim.call(0)
Process.kill(60, $$)
END
    rheap osmap --on-signal --json -- ruby article.rb >json 2>/dev/null
    [ "$(wc -l <json)" -eq 3 ] || fail 'Ruby: not two signals and an end'
    check_sums json
    fell=$(($(total resident_kb json 1) - $(total resident_kb json 2)))
    rose=$(($(total released_kb json 2) - $(total released_kb json 1)))
    [ "$fell" -gt 10000 ] || fail "Ruby: malloc_trim gave back $fell KB only"
    [ "$rose" -ge $((fell * 95 / 100)) ] ||
        fail "Ruby: resident fell by $fell KB, released rose by $rose KB"
fi

# --- glibc's own view --------------------------------------------------------

rheap osmap --walk --json -- "$churn" threads 2>/dev/null | tail -1 >json
if getconf GNU_LIBC_VERSION 2>/dev/null | grep -q ' 2\.36$'; then
    grep -q '"walked":true' json || fail "$(sed 's/.*"note"/note/' json)"
    check_sums json
    [ "$(total cached_kb json)" -gt 0 ] || fail 'nothing lies in any cache'
    [ "$(total not_ours_kb json)" -le 8 ] ||
        fail "glibc knows of $(total not_ours_kb json) KB that we do not"
else
    grep -q 'were not walked: only those of' json ||
        fail 'a glibc that is not known was not refused'
fi
for allocator in libjemalloc.so.2 libmimalloc.so.2 libtcmalloc_minimal.so.4; do
    LD_PRELOAD=$allocator "$churn" hold 1 1 2>&1 >/dev/null |
        grep -q 'cannot be preloaded' && continue
    LD_PRELOAD=$allocator rheap osmap --walk --json -- "$churn" hold 5000 1000 \
        2>/dev/null | tail -1 >json
    grep -q '"allocator":"glibc' json && fail "$allocator looks like glibc"
    grep -q 'were not walked: ' json || fail "$allocator was walked"
    [ "$(total blocks json)" -ge 5000 ] ||
        fail "$allocator: $(total blocks json) blocks"
done

# --- what cannot be done is said ---------------------------------------------

# refused STATUS TEXT ARGUMENTS...
refused() {
    wanted=$1 text=$2
    shift 2
    rheap osmap "$@" >out 2>errors
    status=$?
    [ "$status" -eq "$wanted" ] || fail "$*: exit status $status"
    grep -q "^rheap osmap: .*$text" errors || fail "$*: $(cat errors)"
}
refused 1 'ended by signal 11 .* before it made a snapshot' -- "$churn" crash
refused 1 'cannot be run: No such file' -- ./nothing
refused 2 'a program is missing'
refused 2 'one of them' --sample all -- true
refused 2 'seconds' --every 0 -- true
refused 2 'number of a signal' --on-signal=99 -- true
refused 2 'goes with --snapshot' --before held -- true
refused 2 "not 'nonsense'" --sample nonsense
refused 1 'No such file' --snapshot nothing
refused 1 'is no snapshot' --snapshot "$top_srcdir/README.md"
head -c 20000 held >cut
refused 1 'breaks off' --snapshot cut
{ head -c 5000 held; printf x; tail -c +5002 held; } >changed
refused 1 'damaged' --snapshot changed
printf 'int main(void) { return 0; }\n' >static.c
if $CC -static -o static static.c 2>/dev/null; then
    refused 1 'is linked statically' -- ./static
fi
if [ "$(id -u)" -eq 0 ] && cp "$churn" setuid 2>/dev/null &&
    chown 65534 setuid && chmod 4755 setuid; then
    refused 1 'runs as another user' -- ./setuid
fi
if [ -c /dev/full ] && mkdir small &&
    mount -t tmpfs -o size=64k none small 2>/dev/null; then
    (TMPDIR=$scratch/small
    rheap osmap -- "$churn" hold 5000 100 >out 2>errors)
    umount small
    grep -q 'could not be written: No space left' errors ||
        fail "a full disk: $(cat errors)"
    [ "$(cat out)" = held ] || fail 'a full disk changes what is printed'
fi

# --- pictures ----------------------------------------------------------------

rheap osmap --sample two-pages >picture || fail 'no sample'
grep -q '^555555560000  #+$' picture || fail 'two pages are drawn otherwise'
grep -q '^555555560000  ++$' picture || fail 'freed, they are drawn otherwise'
rheap osmap --sample holes | grep -q '^ *5.9 KB *1  ask_for_more' ||
    fail 'the block that fits into no hole is not shown'
rheap osmap --snapshot held >picture || fail 'no picture of a snapshot'
grep -q "$(printf '\033')" picture && fail 'colour, but no terminal'
rheap osmap --snapshot - <held | cmp -s picture - ||
    fail 'standard input gives another picture'
rheap osmap --snapshot held >again
cmp -s picture again || fail 'the same snapshot gives another picture'
gzip -c held | rheap osmap --snapshot - | cmp -s picture - ||
    fail 'gzip gives another picture'
rheap osmap --sample all --html page.html --png picture.png ||
    fail 'no page, no picture'
[ -s page.html ] && [ -s picture.png ] || fail 'an empty page or picture'
rheap osmap --every 0.01 -- "$churn" churn 100 2>/dev/null >series
[ "$(grep -c '^ *[0-9.]* s ' series)" -ge 3 ] || fail 'no series of snapshots'
watched_rheap osmap --sample all >/dev/null || fail 'a fault or a leak'
watched_rheap osmap --json --snapshot trim.2 --before trim.1 >/dev/null ||
    fail 'a fault or a leak'
watched_rheap osmap --snapshot cut >/dev/null 2>&1
[ $? -eq 1 ] || fail 'a fault or a leak in a snapshot that was cut'
finish
