#!/bin/sh
# How the rheap command behaves whatever the command is: exit statuses, help,
# messages, output files; and `rheap constants'.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tool.sh"
scratch
cd "$scratch" || exit 99
dump=$top_srcdir/tests/data/ruby-31-full.json.gz

# expect STATUS ARGUMENTS...: output in out and err.
expect() {
    wanted=$1
    shift
    rheap "$@" >out 2>err
    got=$?
    [ $got -eq "$wanted" ] ||
        fail "rheap $*: exit status $got, not $wanted: $(cat err)"
}

# --- help and wrong usage ---

expect 0 --version
grep -qE '^rheap [0-9]+\.[0-9]+\.[0-9]+$' out || fail "version: $(cat out)"
expect 0 help
grep -q '^  replay  ' out || fail "help lists no commands: $(cat out)"
for command in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' out); do
    expect 0 help "$command"
    cp out help
    grep -q "usage: rheap $command" help || fail "$command: no usage in help"
    expect 0 "$command" --help
    cmp -s out help || fail "$command: two kinds of help"
    expect 2 "$command" --no-such-option
    grep -q "rheap $command: .*--no-such-option" err ||
        fail "$command: what is wrong is not said: $(cat err)"
    [ -s out ] && fail "$command: wrong usage on standard output"
done
expect 2
expect 2 no-such-command
expect 2 help no-such-command
expect 2 replay
expect 2 replay "$dump" "$dump"
expect 2 replay --layout=upside-down "$dump"
expect 2 replay --dump
expect 2 replay --json --report "$dump"
expect 2 map
expect 2 map --objects many
expect 2 map --objects 10 "$dump"
expect 2 map --page -1 "$dump"
expect 2 constants extra
expect 1 replay no-such-file
expect 1 map no-such-file
expect 1 map --page 1000000 "$dump"

# --- constants ---

expect 0 constants
cut -d' ' -f1 out | tr '\n' ' ' >names
printf '%s ' page_bytes page_header_bytes slot_bytes slots_per_page \
    bitmap_bytes initial_pages initial_slots string_embed_bytes \
    array_embed_length object_embed_ivars struct_embed_length \
    bignum_embed_bytes qfalse qnil qtrue qundef fixnum_max fixnum_min \
    RVALUE_SIZE HEAP_PAGE_OBJ_LIMIT HEAP_PAGE_BITMAP_SIZE HEAP_PAGE_SIZE |
    cmp -s - names || fail "constants: other names: $(cat names)"
"$AWK" '
    NF != 2 || $2 !~ /^-?[0-9]+$/ { print "no name and value: " $0; bad = 1 }
    { value[$1] = $2 }
    END {
        slots = value["slots_per_page"] * value["slot_bytes"]
        if (value["page_header_bytes"] + slots != value["page_bytes"]) bad = 1
        if (value["initial_slots"] != 9792) bad = 1
        exit bad
    }' out || fail 'constants do not add up'
cp out plain
expect 0 constants --json
[ "$(wc -l <out)" -eq 1 ] || fail 'constants --json: not one line'
tr -d '{}"' <out | tr ',' '\n' | tr ':' ' ' | cmp -s - plain ||
    fail 'constants --json says something else'

# --- output files ---

echo old >kept
expect 1 replay --dump kept no-such-file
[ "$(cat kept)" = old ] || fail 'a failure destroyed the old file'
(umask 027; rheap replay --dump kept --record record "$dump" >/dev/null)
[ "$(stat -c %a kept)" = 640 ] || fail 'the umask does not count'
head -c 24 kept | grep -q '"type":"ROOT"' || fail 'no dump was written'
head -n 1 record | grep -q '"record":"rheap"' || fail 'no record was written'
expect 0 replay --dump packed.gz "$dump"
gzip -dc packed.gz | wc -l >lines
[ "$(cat lines)" -gt 20000 ] || fail 'the packed dump is not whole'
expect 1 replay --dump no/such/directory "$dump"
grep -q 'no/such/directory: No such file' err || fail "said: $(cat err)"
# What is no ordinary file is written to, not replaced.  (Through links in this
# directory, so that a fault here cannot harm the devices themselves.)
ln -s /dev/null null
expect 0 replay --dump null "$dump"
[ -c null ] || fail 'a device was replaced'
for file in *; do
    case $file in
    *.??????) fail "left behind: $file" ;;
    esac
done
if [ -w /dev/full ]; then
    ln -s /dev/full full
    rheap constants >full 2>err
    [ $? -eq 1 ] || fail 'a full disk goes unnoticed'
    expect 1 replay --dump full "$dump"
    grep -q 'No space left' err || fail "a full disk: $(cat err)"
fi

# --- no colour, no progress but on a terminal ---

expect 0 replay "$dump"
cat out err >all
expect 0 map "$dump"
cat out err >>all
escape=$(printf '\033')
grep -q "$escape" all && fail 'escape sequences in a file'
[ -s err ] && fail "said without need: $(cat err)"
if command -v script >/dev/null; then
    script -qec "'$tool' map '$dump'" /dev/null >coloured </dev/null
    grep -q "$escape" coloured || fail 'no colour on a terminal'
    NO_COLOR=1 script -qec "'$tool' map '$dump'" /dev/null >plain </dev/null
    grep -q "$escape" plain && fail 'NO_COLOR is not honoured'
fi
finish
