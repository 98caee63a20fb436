#!/bin/sh
# doc/cruby-tests.md names tests of ours: `program case', `tests/script.sh', and
# workloads, `bench name'.  All exist and run; and each row of its tables
# names one, or says that there is none, or that it comes later.
. "$(dirname "$0")/common.sh"
scratch
cd "$top_srcdir/tests" || exit 99
table=../doc/cruby-tests.md

# program case, one a line: what stands in the array of cases of each program.
for file in test_*.c; do
    tr -d ' \t\n' <"$file" |
        grep -oE '\b(cmocka_unit|objects|hidden)_test[a-z_]*\([a-z0-9_]+|\b(every_kind|objects_case)\([a-z0-9_]+' |
        sed "s/^[^(]*(/$(basename "$file" .c) /"
done | sort -u >"$scratch/cases"
[ -s "$scratch/cases" ] || fail 'there are no cases'
sed -n "/^all_workloads='/,/'\$/p" bench/bench.sh |
    sed "s/^all_workloads=//; s/'//g" | tr -s ' \n' '\n\n' |
    sed '/^$/d; s/^/bench /' >>"$scratch/cases"
for script in *.sh; do
    ! grep -qF "%D%/$script " local.mk || printf 'tests/%s\n' "$script"
done >>"$scratch/cases"

# Text in backquotes behind the first bar of a row.
grep -E '^\|' "$table" | grep -vE '^\|(---| CRuby )' >"$scratch/rows"
[ "$(wc -l <"$scratch/rows")" -gt 150 ] || fail "$table has lost its rows"
sed -E 's/^\|[^|]*\|//' "$scratch/rows" | grep -oE '`[^`]*`' | tr -d '`' |
    sort -u >"$scratch/named"
while read -r name; do
    grep -qxF -- "$name" "$scratch/cases" || fail "$table: there is no $name"
done <"$scratch/named"
grep -vE '\| *(none: |later)|\|[^|]*`[^`]*`[^|]*\|$' "$scratch/rows" \
    >"$scratch/bare" && fail "$table: no test, and no reason: $(cat "$scratch/bare")"

# The programs are built and run.
cut -d ' ' -f 1 "$scratch/named" | grep '^test_' | sort -u |
    while read -r program; do
        grep -qE "^	%D%/$program \\\\" local.mk ||
            printf '%s: %s is not in tests/local.mk\n' "$table" "$program"
    done >"$scratch/unlisted"
[ ! -s "$scratch/unlisted" ] || fail "$(cat "$scratch/unlisted")"
finish
