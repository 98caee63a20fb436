#!/bin/sh
# `rheap tune': the rules, the article's numbers, advice that is tried out.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
scratch
cd "$scratch" || exit 99

# has FILE TEXT: a line has it.
has() {
    grep -qF -- "$2" "$1" || {
        cat "$1"
        fail "there is no '$2'"
    }
}

# The article's example, by its own arithmetic and by the rule.
article='--need 50000 --min-slots 10000 --increment 10000 --growth 1.8'
# shellcheck disable=SC2086
{
    watched_rheap tune $article --rule article --json >json || fail 'article'
    watched_rheap tune $article >ree || fail 'ree'
    rheap tune $article --rule article >text
}
has json '"heaps":[10000,10000,18000,68400],"slots":106400,'
has text '53.0% unused, 112.8% more than needed'
has ree '           32,400           70,400'
has ree 'The article departs from the rule in heap 4: it has 68,400 slots,'
rheap tune --need 933037 --min-slots 1250000 >tuned
has tuned '1 heap, 1,250,000 slots; 0 collections'
has tuned '25.36% unused'
rheap tune --need 50000 --rule mri18 --json >json
has json '"heaps":[10000,18000,32400],'
rheap tune --need 20000 --rule cruby21 --json >json
has json '"heaps":[9792,7833,14100],' # 1.8 times all, each time
for rule in cruby31 ratio default; do
    rheap tune --need 50000 --rule $rule | grep -q 'unused' || fail "$rule"
done
rheap tune --need 50000 --rule ratio --max-slots 30000 >small &&
    fail 'more than the maximum fits'
has small 'do not fit'

# A record: of a replay, and of somebody else.
rheap replay --record run "$top_srcdir/tests/data/ruby-31-full.json.gz" \
    >/dev/null || fail 'no record'
rheap tune --from run >advice || fail 'no advice'
has advice '--min-slots 13500'
cat >run <<'END'
{"record":"rheap", "version":1, "by":"me"}
{"event":"grow", "objects":300000, "live":300000}

{"event":"lunch", "objects":400000, "live":400000}
{"event":"collection", "objects":1500000, "live":1000000, "external_bytes":0}
{"event":"end", "objects":1600000, "live":1100000, "external_bytes":100}
END
watched_rheap tune --from run --json >json || fail 'no advice'
has json '"advice":{"min-slots":1250000,"free-min":12500,"increment":100000,'
"$AWK" -F'"before"|"after"' '{
    split($2, b, /[:,]/); split($3, a, /[:,]/)
    exit !(b[3] > 4 && a[3] == 1)
}' json || fail 'heaps are not fewer'
rheap tune --from run --emit-env >script
# Under env, which prints what a Ruby would get.
RUBY=env sh script >variables || fail 'the script does not run'
for line in RUBY_HEAP_MIN_SLOTS=1250000 RUBY_HEAP_FREE_MIN=12500 \
    RUBY_HEAP_SLOTS_INCREMENT=100000 RUBY_HEAP_SLOTS_GROWTH_FACTOR=1; do
    grep -qx $line variables || fail "the script sets no $line"
done

# A sweep: the higher the malloc limit, the fewer collections.
rheap tune --need 20000 --sweep malloc-limit=1M,4M,16M --json >rows
"$AWK" -F'"collections":|,"by' '{ n[NR] = $2 + 0 }
    END { exit !(NR == 3 && n[1] > 2 * n[2] && n[2] > n[3]) }' rows ||
    { cat rows; fail 'no fewer collections'; }
sed -n 1p rows | grep -q '"by_malloc":0,' && fail 'none was by malloc'
watched_rheap tune --from run --sweep min-slots=10k,1M >rows || fail 'sweep'
[ "$(wc -l <rows)" -eq 3 ] || fail 'not a row for each value'

# Wrong usage, bad input.
for wrong in '' '--need 0' '--need 1 --from run' '--need 5 --rule none' \
    '--need 5 --growth 0.5' '--need 5 --decay 1' '--need 5 --sweep x=1' \
    '--need 5 --sweep growth=' '--need 5 more' '--need 5 --min-slots x'; do
    # shellcheck disable=SC2086
    watched_rheap tune $wrong >out 2>errors
    [ $? -eq 2 ] || fail "'$wrong' is accepted"
    [ -s out ] && fail "'$wrong' has a result"
done
sed '$d' run >cut
sed 's/1600000/160/' run >falls
sed 's/1600000/16000000000/' run >vast
echo '{"record":"other"}' >other
for bad in cut falls vast other none; do
    watched_rheap tune --from $bad 2>errors >out
    [ $? -eq 1 ] || fail "$bad is accepted"
    has errors "$bad"
done
rheap tune --need 5 --rule mri18 --emit-env 2>errors
[ $? -eq 1 ] || fail 'Ruby 1.8 reads variables'
finish
