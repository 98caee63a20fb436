#!/bin/sh
# `rheap trim': the rows are whole and add up, trimming gives memory back, and
# each allocator that is installed is known by its name.  Nothing here depends
# on how long anything takes.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
scratch
cd "$scratch" || exit 99
[ -z "$SAN_CFLAGS" ] || skip 'a sanitizer has an allocator of its own'
small='--threads 4 --strings 1500 --rounds 3 --churn 1 --repeat 1'

# value KEY POLICY: of that row.
value() {
    sed -n "/\"policy\":\"$2\"/s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" rows
}

# Usage.
for wrong in '--policy sometimes' '--allocator dlmalloc' '--threads 0' \
    '--sizes huge' '--survivors all' '--rounds x' 'file' '--run x'; do
    # shellcheck disable=SC2086
    rheap trim $wrong >out 2>err
    [ $? -eq 2 ] || fail "'$wrong' is not refused"
    [ -s out ] && fail "'$wrong' prints to standard output"
    grep -q '^rheap trim: ' err || fail "'$wrong': no message"
done
rheap trim --help | grep -q '^usage: rheap trim' || fail 'no help'

# All policies: every key, and what must hold of any run.
# shellcheck disable=SC2086
rheap trim --json $small --policy never,always,threshold,adaptive,idle,fork \
    >rows 2>err || fail 'the policies could not be run'
[ -s err ] && { cat err; fail 'something to complain of'; }
[ "$(wc -l <rows)" -eq 6 ] || fail 'not a row for each policy'
for key in policy allocator setting threads arenas base_kb rss_peak_kb \
    rss_mean_kb rss_drop_kb rss_end_kb known_bytes known_drop_bytes \
    gap_drop_kb trims trim_ms refault_kb wall_ms alloc_p99_ns; do
    [ "$(grep -c "\"$key\":" rows)" -eq 6 ] || fail "no $key in a row"
done
for policy in never always threshold adaptive idle fork; do
    gap=$(($(value rss_drop_kb $policy) - $(value base_kb $policy) - \
        $(value known_drop_bytes $policy) / 1024))
    off=$((gap - $(value gap_drop_kb $policy)))
    [ $((off * off)) -le 4 ] || fail "$policy: the gap is off by $off KB"
    [ "$(value rss_peak_kb $policy)" -ge "$(value base_kb $policy)" ] ||
        fail "$policy: the peak is below the base"
    [ "$(value threads $policy)" -eq 4 ] || fail "$policy: not four threads"
    [ "$(value allocator $policy)" = glibc ] || fail "$policy: whose malloc?"
done
[ "$(value trims never)" -eq 0 ] || fail 'never trims'
[ "$(value trims always)" -ge 3 ] || fail 'always does not trim'
[ "$(value trims idle)" -eq 3 ] || fail 'idle does not trim when idle'
[ "$(value trims fork)" -eq 3 ] || fail 'fork does not trim before forks'

# Whoever trims when all is dropped keeps little of the gap.
[ $(($(value gap_drop_kb always) * 100)) -le \
    $(($(value gap_drop_kb never) * 35)) ] ||
    fail "gap: always $(value gap_drop_kb always) KB," \
        "never $(value gap_drop_kb never) KB"

# Arenas are as few as the setting says.
# shellcheck disable=SC2086
rheap trim --json $small --policy never --arena-max 2 >rows ||
    fail 'no run with two arenas'
[ "$(value setting never)" = MALLOC_ARENA_MAX=2 ] || fail 'no setting'
[ "$(value arenas never)" -le 2 ] || fail 'more than two arenas'

# Sizes and survivors.
for sizes in lognormal bimodal large; do
    for survivors in none clustered; do
        # shellcheck disable=SC2086
        rheap trim --json $small --policy always --sizes $sizes \
            --survivors $survivors >rows || fail "$sizes, $survivors failed"
        [ "$(wc -l <rows)" -eq 1 ] || fail "$sizes, $survivors: no row"
    done
done

# Other allocators: a row where it is installed, a note where it is not.
for allocator in jemalloc mimalloc tcmalloc; do
    # shellcheck disable=SC2086
    rheap trim --json $small --policy idle --allocator $allocator >rows 2>err ||
        fail "$allocator: exit status"
    if [ -s rows ]; then
        [ "$(value allocator idle)" = $allocator ] || fail "not $allocator"
        [ "$(value trims idle)" -eq 3 ] || fail "$allocator does not trim"
        grep -q '"arenas":null' rows || fail "$allocator with glibc's arenas"
    else
        grep -q "$allocator is not installed" err || fail "$allocator: no note"
    fi
done

# For people: headline, the articles, the bar, the chart; and a picture.
# shellcheck disable=SC2086
rheap trim $small --policy never,always,adaptive --png chart.png >report ||
    fail 'no report'
for line in '^resident .* MB, the heap knows .* MB' '15 : 85' \
    'resident memory against time' 'A  never, glibc, default'; do
    grep -q "$line" report || fail "no '$line' in the report"
done
[ "$(head -c 8 chart.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] ||
    fail 'no PNG'
rheap trim --png nowhere/chart.png --policy never --threads 1 --rounds 1 \
    --strings 10 --repeat 1 >/dev/null 2>err
[ $? -eq 1 ] && grep -q nowhere/chart.png err || fail 'no word about the file'

# The same in Ruby.
if command -v ruby >/dev/null && ruby -rfiddle -e 0 2>/dev/null; then
    # shellcheck disable=SC2086
    rheap trim --json $small --policy never --compare >rows ||
        fail 'the comparison failed'
    [ "$(wc -l <rows)" -eq 3 ] || fail 'not two rows of Ruby'
    [ "$(value trims ruby-never)" -eq 0 ] || fail 'Ruby trims by itself'
    [ "$(value trims ruby-always)" -ge 3 ] || fail 'Ruby does not trim'
fi
finish
