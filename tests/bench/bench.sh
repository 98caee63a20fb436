#!/bin/sh
# Run workloads on heaps, in turns, and print what an operation costs.
# `make bench' calls it with the environment below; by hand, in a build
# directory: sh ../tests/bench/bench.sh --quick

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$PWD}"
: "${CC:=cc}" "${CFLAGS:=-O2}" "${AWK:=awk}" "${PKG_CONFIG:=pkg-config}"
LC_ALL=C
GC_MARKERS=1 # one marking thread for bdwgc: the others have no second one
export LC_ALL GC_MARKERS

all_workloads='churn binary-trees full-gc-live full-gc-random full-gc-digraph
    full-gc-dead full-gc-dead-released finalizers spike many-heaps replayed'
all_heaps='rheap rheap-node glibc jemalloc mimalloc cruby mruby bdwgc'
quick_heaps='rheap rheap-node glibc cruby'

usage() {
    cat <<TEXT
usage: bench.sh [--quick] [--tsv] [--rounds N] [--workloads LIST]
                [--heaps LIST]

Prints, for each workload and heap, the median time of an operation over N
rounds (5; quick: 3) in which all heaps take turns.

  --quick      less work, and of the heaps only: $quick_heaps
  --tsv        workload, heap, ns_per_op, spread, ops, peak_rss_kb
  --workloads  separated by commas; of:
               $(echo $all_workloads)
  --heaps      separated by commas; of:
               $(echo $all_heaps)

spread is (slowest - fastest) / median.  ops is the number of operations: an
object allocated, freed, or found alive or dead; a finalizer registered, queued
and run in finalizers; a heap made and freed in many-heaps.  "by hand" heaps do no collections.  peak_rss_kb is of the whole
process; 0: not known.  A heap that is not installed is left out with a note.
TEXT
}

note() {
    printf '# %s\n' "$*" >&2
}

wrong_usage() {
    printf 'bench: %s\n' "$*" >&2
    usage >&2
    exit 2
}

# list NAME ALLOWED GIVEN: the given words, each of which must be allowed.
list() {
    for word in $(echo "$3" | tr , ' '); do
        case " $(echo $2) " in
        *" $word "*) printf '%s ' "$word" ;;
        *) return 1 ;;
        esac
    done
}

quick='' tsv='' rounds='' workloads=$all_workloads heaps=''
while [ $# -gt 0 ]; do
    option=$1 value=''
    case $option in
    --*=*) value=${option#*=} option=${option%%=*} ;;
    --rounds | --workloads | --heaps)
        [ $# -gt 1 ] || wrong_usage "$option wants a value"
        value=$2
        shift
        ;;
    esac
    shift
    case $option in
    --quick) quick=--quick ;;
    --tsv) tsv=yes ;;
    --rounds)
        case $value in
        '' | *[!0-9]* | 0*) wrong_usage "--rounds: $value is no number" ;;
        esac
        rounds=$value
        ;;
    --workloads)
        workloads=$(list workload "$all_workloads" "$value") ||
            wrong_usage "--workloads: one of $value is unknown"
        ;;
    --heaps)
        heaps=$(list heap "$all_heaps" "$value") ||
            wrong_usage "--heaps: one of $value is unknown"
        ;;
    --help)
        usage
        exit 0
        ;;
    *) wrong_usage "unknown option $option" ;;
    esac
done
if [ -n "$quick" ]; then
    : "${heaps:=$quick_heaps}" "${rounds:=3}"
else
    : "${heaps:=$all_heaps}" "${rounds:=5}"
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rheap-bench.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
bench=$top_srcdir/tests/bench

# --- the heaps --------------------------------------------------------------

# A peer is built here, with the flags of the library: build NAME FLAGS...
build() {
    source=$bench/heap_$1.c program=$scratch/$1
    shift
    # No -Werror or warnings: the headers are not ours.
    $CC $CFLAGS -w -o "$program" "$source" "$@" 2>"$scratch/errors" &&
        "$program" --version >"$scratch/version" 2>>"$scratch/errors"
}

# The newest of the packages whose names match: package PATTERN.
package() {
    $PKG_CONFIG --list-all 2>/dev/null | sed 's/ .*//' | grep "^$1\$" |
        sort -V | tail -n 1
}

shared_library() {
    { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null |
        $AWK -v name="$1" 'index($1, name) == 1 { print $NF; exit }'
}

# Set $program and $preload for a heap; 1: it cannot be had here.
find_heap() {
    preload=''
    case $1 in
    rheap) program=$top_builddir/tests/bench/heap_rheap ;;
    rheap-node) program=$top_builddir/tests/bench/heap_rheap_node ;;
    glibc) program=$top_builddir/tests/bench/heap_malloc ;;
    jemalloc | mimalloc)
        program=$top_builddir/tests/bench/heap_malloc
        preload=$(shared_library "lib$1.so")
        [ -n "$preload" ] || return 1
        ;;
    cruby)
        ruby=$(package 'ruby-[0-9.]*')
        [ -n "$ruby" ] &&
            build cruby $($PKG_CONFIG --cflags --libs "$ruby")
        ;;
    mruby) build mruby -lmruby -lm ;;
    bdwgc) build bdwgc -lgc ;;
    esac
}

# run HEAP ARGUMENTS: each in a process of its own.
run() {
    find_heap_again "$1"
    shift
    if [ -n "$preload" ]; then
        LD_PRELOAD=$preload "$program" "$@"
    else
        "$program" "$@"
    fi
}

find_heap_again() {
    program=$(sed -n "s/^$1 program //p" "$scratch/heaps")
    preload=$(sed -n "s/^$1 preload //p" "$scratch/heaps")
}

found='' versions=''
: >"$scratch/heaps"
for heap in $heaps; do
    if find_heap "$heap"; then
        printf '%s program %s\n%s preload %s\n' "$heap" "$program" "$heap" \
            "$preload" >>"$scratch/heaps"
        version=$(run "$heap" --version) || exit 1
        case ", $versions," in
        *", $version,"*) ;;
        *) versions="${versions:+$versions, }$version" ;;
        esac
        found="$found $heap"
    else
        note "$heap left out: not installed, or without headers"
    fi
done
[ -n "$found" ] || { note 'no heap to measure'; exit 1; }

# --- running ----------------------------------------------------------------

# The heap of a Ruby process, rebuilt by the rheap command and collected.
replay() {
    tool=$top_builddir/tools/rheap
    [ -x "$tool" ] || return 77
    "$tool" replay --json "$top_srcdir/tests/data/ruby-31-full.json.gz" \
        >"$scratch/json" 2>"$scratch/errors" || return 1
    tr ',{}' '\n\n\n' <"$scratch/json" | $AWK -F '[:"]+' '
        $2 == "objects" && !objects { objects = $3 + 0 }
        $2 == "collection_ms" { ms = $3 }
        END { if (!objects) exit 1
              printf "%.3f %d 0 0\n", ms * 1e6 / objects, objects }'
}

measure() {
    if [ "$1" != replayed ]; then
        run "$2" $quick "$1"
    elif [ "$2" = rheap ]; then
        replay
    else
        return 77
    fi
}

failed=''
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    for workload in $workloads; do
        [ ! -t 2 ] ||
            printf '\rround %d of %d: %-24s' $round "$rounds" "$workload" >&2
        for heap in $found; do
            result=$(measure "$workload" "$heap")
            case $? in
            0) printf '%s %s %s\n' "$workload" "$heap" "$result" ;;
            77) ;;
            *)
                note "$heap failed in $workload"
                failed=yes
                ;;
            esac
        done >>"$scratch/results"
    done
done
[ ! -t 2 ] || printf '\r%60s\r' '' >&2

# --- the table --------------------------------------------------------------

model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null |
    sed -n 1p)
head="$(uname -m) ${model:-processor unknown}, $(getconf _NPROCESSORS_ONLN) cores"
head="$head; $(uname -sr); $($CC --version | sed -n 1p), $CFLAGS"
if [ -n "$tsv" ]; then
    note "$head"
    note "$versions"
else
    printf '%s\n%s\n%s rounds%s, %s\n\n' "$head" "$versions" "$rounds" \
        "${quick:+, quick}" "$(date -u '+%Y-%m-%d %H:%M UTC')"
fi

$AWK -v tsv="$tsv" '
    function median(key,    n, i, j, t) {
        n = count[key]
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && ns[key, j] < ns[key, j - 1]; j--) {
                t = ns[key, j]; ns[key, j] = ns[key, j - 1]; ns[key, j - 1] = t
            }
        return ns[key, int((n + 1) / 2)]
    }
    function ratio(key, peer,    other) {
        other = $1 SUBSEP peer
        if (!(other in middle) || middle[other] == 0)
            return "-"
        return sprintf("%.2f", middle[key] / middle[other])
    }
    {
        key = $1 SUBSEP $2
        if (!(key in count))
            order[++keys] = key
        ns[key, ++count[key]] = $3
        ops[key] = $4
        if ($5 > peak[key])
            peak[key] = $5
        end[key] = $6
    }
    END {
        for (k = 1; k <= keys; k++) {
            key = order[k]
            middle[key] = median(key)
            spread[key] = ns[key, count[key]] - ns[key, 1]
            if (middle[key] > 0)
                spread[key] /= middle[key]
        }
        if (tsv) {
            format = "%s\t%s\t%s\t%s\t%s\t%s\n"
            printf format, "workload", "heap", "ns_per_op", "spread", "ops",
                "peak_rss_kb"
        } else {
            format = "%-21s  %-10s %10s %7s %8s %8s %7s %7s\n"
            printf format, "workload", "heap", "ns/op", "spread", "peak MB",
                "left MB", "/glibc", "/cruby"
        }
        for (k = 1; k <= keys; k++) {
            key = order[k]
            split(key, name, SUBSEP)
            $1 = name[1]
            if (tsv)
                printf format, name[1], name[2], sprintf("%.3f", middle[key]),
                    sprintf("%.3f", spread[key]), ops[key], peak[key]
            else
                printf format, name[1] == before ? "" : name[1], name[2],
                    sprintf(middle[key] < 1000 ? "%.2f" : "%.0f", middle[key]),
                    sprintf("%.0f%%", 100 * spread[key]),
                    sprintf("%.1f", peak[key] / 1024),
                    sprintf("%.1f", end[key] / 1024), ratio(key, "glibc"),
                    ratio(key, "cruby")
            before = name[1]
        }
    }' "$scratch/results"
[ -z "$failed" ]
