#!/bin/sh
# `rheap fork': what it promises of rows and options; that collections in
# children write to no page of inherited objects; and that what goes wrong in
# one row leaves the others alone.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
scratch
cd "$scratch" || exit 99
dump=$top_srcdir/tests/data/ruby-31-full.json.gz
few=20000 # objects: enough for pages, few enough for a quick test
[ -r /proc/self/pagemap ] || skip 'the kernel does not tell which pages are shared'

# expect STATUS ARGUMENTS...: output in out and err.
expect() {
    wanted=$1
    shift
    rheap fork "$@" >out 2>err
    got=$?
    [ $got -eq "$wanted" ] ||
        fail "fork $*: exit status $got, not $wanted: $(cat err)"
}

# rows STEP [KEY]: the rows of a step in out; or what they have under a key.
rows() {
    if [ $# -eq 1 ]; then
        grep "\"step\":\"$1\"" out
    else
        rows "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
    fi
}

# at_most STEP KEY LIMIT: true of every row, the idle row's figure taken off.
at_most() {
    idle=$(rows idle "$2" | head -n 1)
    figures=$(rows "$1" "$2")
    [ -n "$figures" ] || fail "$options: no $2 of $1"
    for figure in $figures; do
        [ $((figure - idle)) -le "$3" ] ||
            fail "$options: $1: $2 is $figure (idle: $idle), more than $3"
    done
}

# --- wrong usage ---

expect 2 --objects none
expect 2 --objects 0
expect 2 --workers 0
expect 2 --workers 100000
expect 2 --steps sleep
grep -q "'sleep'" err || fail "the wrong step is not named: $(cat err)"
expect 2 --steps ''
expect 2 --steps full,
expect 2 --steps allocate
expect 2 --steps allocate:0
expect 2 --steps idle:1
expect 2 --steps mutate:200
expect 2 --steps "$("$AWK" 'BEGIN { for (i = 0; i < 40; i++) printf "read,"; print "read" }')"
expect 2 --holes 101
expect 2 --holes many
expect 2 --warmup hot
expect 2 --marks=nowhere
expect 2 --collections-before -1
expect 2 --objects 10 --dump "$dump"
expect 2 "$dump"
expect 1 --dump no-such-file
expect 1 --objects $few --steps full --svg no.svg
[ -e no.svg ] && fail 'a chart without anything to draw'

# --- rows ---

steps=read,minor,full,allocate:600,mutate:1,serve:20
expect 0 --objects $few --workers 2 --steps $steps --json
cp out rows.json
[ -s err ] && fail "said without need: $(cat err)"
[ "$(wc -l <out)" -eq 14 ] || fail "not 7 steps of 2 workers: $(cat out)"
sed -n 's/.*"step":"\([^"]*\)","worker":\([0-9]*\).*/\1 \2/p' out | tr '\n' ' ' |
    grep -q '^idle 0 idle 1 read 0 read 1 minor 0 minor 1 full 0 full 1 ' ||
    fail 'other rows, or in another order'
for key in mode marks step worker body_private_kb table_private_kb \
    external_private_kb other_private_kb own_kb body_shared_kb heap_kb rss_kb \
    pss_kb amplification causes fork_us; do
    [ "$(grep -c "\"$key\":" out)" -eq 14 ] || fail "not every row has $key"
done
[ "$(grep -c '"causes":{"program":[0-9]*,"minor":[0-9]*,"mark":[0-9]*,"sweep":[0-9]*,"compact":[0-9]*}' out)" -eq 14 ] ||
    fail 'causes are not those of all phases'
[ "$(grep -c '"mode":"unsealed","marks":"table"' out)" -eq 14 ] ||
    fail 'another mode'
[ "$(rows serve:20 maturing | wc -l)" -eq 2 ] || fail 'serve has no curve'
rows serve:20 | grep -q '"maturing":\[{"requests":0,.*{"requests":1,.*{"requests":20,' ||
    fail 'the curve of serve lacks moments'
if command -v python3 >/dev/null; then
    python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    assert row["body_shared_kb"] + row["body_private_kb"] <= row["heap_kb"], row
    assert 0 < row["pss_kb"] <= row["rss_kb"], row
    assert sum(row["causes"].values()) <= row["body_private_kb"], row
' <out || fail 'the figures do not fit together'
fi

# --- what collections in a child write to ---

for options in '--collections-before 0' '' '--collections-before 3' \
    '--holes 10' '--warmup collect' '--warmup compact --holes 40' \
    '--huge' '--refork' "--dump $dump" "--dump $dump --holes 10"; do
    case $options in
    *--dump*) ;;
    *) options="$options --objects $few" ;;
    esac
    # shellcheck disable=SC2086
    expect 0 $options --steps read,minor,full,full --json
    heap=$(rows idle heap_kb | head -n 1)
    for step in read minor full; do
        at_most $step body_private_kb 0
    done
    at_most minor table_private_kb $((heap / 200 + 32))
    at_most full table_private_kb $((heap / 50 + 32))
done

for options in '--seal' '--warmup full' '--seal --holes 5' '--seal --refork' \
    "--seal --dump $dump"; do
    case $options in
    *--dump*) ;;
    *) options="$options --objects $few" ;;
    esac
    # shellcheck disable=SC2086
    expect 0 $options --steps read,minor,full,allocate:600,serve:100 --json
    [ "$(rows full mode | sort -u)" = sealed ] || fail "$options: not sealed"
    for step in read minor full allocate:600 serve:100; do
        at_most $step body_private_kb 0
    done
    # An instrumented program has memory of its own outside the heap.
    at_most full table_private_kb 32
    if [ -z "$SAN_CFLAGS" ]; then
        at_most full external_private_kb 32
        at_most full other_private_kb 32
    fi
    at_most allocate:600 own_kb 64
done

# Stores are seen, so that the meter is not blind.
expect 0 --objects $few --steps mutate:5 --json
heap=$(rows idle heap_kb)
[ "$(rows mutate:5 body_private_kb)" -ge $((heap * 9 / 10)) ] ||
    fail "mutate:5 wrote to $(rows mutate:5 body_private_kb) KB of $heap"
[ "$(rows mutate:5 program)" = "$(rows mutate:5 body_private_kb)" ] ||
    fail 'what the program wrote to is not its own doing'

# Holes are holes: a child's new objects fall into them unless sealed.
expect 0 --objects $few --holes 40 --steps allocate:6000 --json
[ "$(rows allocate:6000 body_private_kb)" -ge 100 ] ||
    fail 'no new object fell into a hole'

# A second generation.
expect 0 --objects $few --refork --steps full --json
[ "$(sed -n 's/.*"step":"\([^"]*\)".*"generation":\([0-9]\).*/\1 \2/p' out |
    tr '\n' ' ')" = 'idle 1 full 1 refork 1 idle 2 full 2 ' ] ||
    fail "not two generations: $(cat out)"

# --- where the mark bits are ---

for marks in page slot; do
    program=$top_builddir/tools/rheap-marks-$marks
    [ -x "$program" ] || { fail "there is no $program"; continue; }
    options="--marks=$marks"
    expect 0 --marks=$marks --objects $few --collections-before 0 \
        --steps full --json
    heap=$(rows idle heap_kb)
    private=$(rows full body_private_kb)
    [ "$(rows full marks)" = $marks ] || fail "--marks=$marks: other marks"
    case $marks in
    page) least=$((heap / 5)) ;;
    slot) least=$((heap * 95 / 100)) ;;
    esac
    [ "$private" -ge $least ] ||
        fail "--marks=$marks: a collection wrote to $private KB of $heap only"
done

# --- for people ---

expect 0 --objects $few --steps $steps --svg chart.svg --png chart.png
grep -q '^unsealed$' out || fail 'no heading of the mode'
grep -q '^idle  *0  *0.0% ' out || fail "no row of the idle child: $(cat out)"
grep -q '^huge pages: ' out || fail 'nothing about huge pages'
grep -q '^  *A  unsealed, serve:20: ' out || fail 'no legend of the chart'
grep -q '  100% |A' out || fail 'no curve'
grep -q '<polyline class="curve c0"' chart.svg || fail 'no curve in the SVG'
[ "$(head -c 8 chart.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] ||
    fail 'the PNG is none'
if command -v xmllint >/dev/null; then
    xmllint --noout chart.svg || fail 'the SVG is not well-formed'
fi
expect 0 --objects $few --workers 3 --steps full
[ "$(grep -c '^full #[0-2] ' out)" -eq 3 ] || fail 'the workers have no numbers'

# --- what goes wrong ---

# A child is killed: its row says so, the rest goes on.
"$tool" fork --objects $few --steps full,serve:1000000000,minor --json \
    >out 2>err &
pid=$!
child=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    sleep 1
    for stat in /proc/[0-9]*/stat; do
        # shellcheck disable=SC2046
        set -- $(sed 's/(.*)//' "$stat" 2>/dev/null)
        [ "${3-}" = $pid ] && child=$1
    done
    # The one that serves, not one of the short steps before it.
    [ -n "$child" ] && [ -n "$(rows full)" ] && break
    child=
done
[ -n "$child" ] && kill -9 "$child"
wait $pid
[ $? -eq 1 ] || fail 'a killed child does not show in the exit status'
rows serve:1000000000 error | grep -q 'killed by signal 9' ||
    fail "a killed child: $(cat out err)"
at_most minor body_private_kb 0

# No memory in a child.
if [ -z "$SAN_CFLAGS" ]; then
    (ulimit -v 300000 && rheap fork --objects $few --json \
        --steps full,allocate:50000000,minor) >out 2>err
    [ $? -eq 1 ] || fail 'want of memory does not show in the exit status'
    rows allocate:50000000 error | grep -q 'not enough memory' ||
        fail "no memory in a child: $(cat out err)"
    [ -n "$(rows minor body_private_kb)" ] || fail 'nothing after that'
fi

# As somebody else: frames are not seen, the rest is; and who may have no more
# processes is told so.
program=$top_builddir/tools/.libs/rheap
[ -x "$program" ] || program=$top_builddir/tools/rheap
as_nobody() {
    LD_LIBRARY_PATH=$top_builddir/lib/.libs \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null &&
    as_nobody "$program" --version >/dev/null 2>&1; then
    as_nobody "$program" fork --objects $few --steps full --json >out 2>err ||
        fail "as nobody: $(cat err)"
    options='as nobody'
    at_most full body_private_kb 0
    [ "$(rows full frames)" = false ] || fail 'nobody has seen frames'
    # shellcheck disable=SC2016
    as_nobody sh -c 'ulimit -u 1 2>/dev/null || ulimit -p 1 || exit 77
        exec "$0" fork --objects '$few' --steps full --json' "$program" \
        >out 2>err
    case $? in
    77) ;;
    1)
        rows full error | grep -q '^fork failed: ' ||
            fail "no more processes: $(cat out err)"
        ;;
    *) fail "no more processes: $(cat out err)" ;;
    esac
fi

# Without /proc.
# shellcheck disable=SC2016
if unshare -m sh -c 'mount -t tmpfs none /proc' 2>/dev/null; then
    LD_LIBRARY_PATH=$top_builddir/lib/.libs unshare -m sh -c '
        mount -t tmpfs none /proc
        exec "$0" fork --objects '$few' --steps full --json' "$program" \
        >out 2>err
    [ $? -eq 1 ] || fail 'without /proc nothing was missing'
    [ "$(rows full error | grep -c pagemap)" -eq 1 ] ||
        fail "without /proc: $(cat out err)"
fi

# --- other systems ---

# Where they are not, that is a note.
mkdir -p empty
if [ "$program" != "$top_builddir/tools/rheap" ]; then
    PATH=$scratch/empty LD_LIBRARY_PATH=$top_builddir/lib/.libs \
        "$program" fork --objects $few --steps full --compare --json \
        >out 2>err || fail "without interpreters: $(cat err)"
    [ "$(grep -c 'note: .* is left out' err)" -eq 5 ] ||
        fail "without interpreters: $(cat err)"
fi
expect 0 --objects $few --steps full,serve:10 --compare --json
for mode in ruby-cold ruby-collected ruby-compacted python-plain \
    python-frozen; do
    case $mode in
    ruby*) command -v ruby >/dev/null || continue ;;
    python*) command -v python3 >/dev/null || continue ;;
    esac
    [ "$(grep "\"mode\":\"$mode\"" out | grep -c '"heap_kb":[1-9]')" -eq 3 ] ||
        fail "$mode: not three rows: $(cat out err)"
done

# --- memory of the tool itself ---

watched_rheap fork --objects 2000 --workers 2 --steps full,serve:5 --refork \
    --json >out 2>err
[ $? -eq 99 ] && fail "under valgrind: $(cat err)"
finish
