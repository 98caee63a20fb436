#!/bin/sh
# Dumps that are wrong: rheap says where and why, answers 1, and leaves nothing
# behind; with --skip-bad-lines it counts what it can pass over.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/bad_dumps.sh"
. "$(dirname "$0")/tool.sh"
scratch
bad_dumps "$scratch"
cd "$scratch" || exit 99

# place NAME LINE: how a message names it.
place() {
    [ "$2" -eq 0 ] && printf '%s: ' "$1" || printf '%s:%s: ' "$1" "$2"
}

while read -r name line skip cause; do
    watched_rheap replay "$name" >out 2>err
    status=$?
    [ "$status" -eq 1 ] || fail "$name: exit status $status"
    [ -s out ] && fail "$name: something on standard output"
    grep -F "$(place "$name" "$line")" err | grep -qF "$cause" ||
        fail "$name: should say '$(place "$name" "$line")' and '$cause': $(cat err)"
    [ "$(wc -c <err)" -lt 400 ] || fail "$name: too many words"

    rheap replay --skip-bad-lines --json "$name" >out 2>err
    status=$?
    case $skip in
    yes)
        [ "$status" -eq 0 ] || fail "$name: not skipped: $(cat err)"
        grep -qE '"(bad_lines|dangling)":[1-9]' out ||
            fail "$name: skipped, but not counted"
        ;;
    no) [ "$status" -eq 1 ] || fail "$name: skipped, but it should not be" ;;
    esac
done <list

# What came before a gzip file broke off can be had.
gzip -dc "$top_srcdir/tests/data/ruby-31.json.gz" | head -n 9000 | gzip -c |
    head -c 90000 >broken.gz
rheap replay --json broken.gz >out 2>err && fail 'half a gzip file is accepted'
grep -q 'broken.gz:[0-9]*: the gzip data breaks off' err ||
    fail "half a gzip file: $(cat err)"
watched_rheap replay --skip-bad-lines --json broken.gz >out 2>err ||
    fail "half a gzip file: $(cat err)"
grep -q '"bad_lines":1,' out || fail 'half a gzip file: not counted'

good_lines >good
watched_rheap replay --json good >out 2>err || fail "the good lines: $(cat err)"
[ -s err ] && fail "the good lines: $(cat err)"
finish
