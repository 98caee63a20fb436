#!/bin/sh
# The server of examples/08-prefork-server: it answers many at once and whoever
# misbehaves, its workers share what was loaded, the dead are replaced, and it
# ends when it is told to.
. "$(dirname "$0")/common.sh"
scratch
server=$top_builddir/examples/08-prefork-server
client=$top_builddir/tests/http_client
[ -x "$server" ] || skip 'examples/08-prefork-server is not built'
[ -x "$client" ] || skip 'tests/http_client is not built'
cd "$scratch" || exit 99

# begin ARGUMENT...: start a server that reads $input; $port is where it listens
begin() {
    : >out # not the last server's
    "$server" "$@" <"${input-/dev/null}" >out 2>err &
    pid=$!
    trap 'kill $pid 2>/dev/null; rm -rf "$scratch"' EXIT
    waits=0
    until grep -q '^http://127.0.0.1:' out; do
        waits=$((waits + 1))
        if [ $waits -gt 600 ] || ! kill -0 $pid 2>/dev/null; then
            fail "$*: no server: $(cat err)"
            finish
        fi
        sleep 0.1
    done
    port=$(sed -n 's/^http:\/\/127.0.0.1:\([0-9]*\)\/$/\1/p' out)
}

# end WHAT: stop it; its last words are in out
end() {
    kill "${2:--TERM}" $pid
    wait $pid || fail "$1: status $? at the end: $(cat err)"
    [ ! -s err ] || fail "$1: $(cat err)"
}

# get PATH [COUNT]: the answer, without what stands before it
get() {
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$1" |
        "$client" "$port" "${2-1}" | sed '1,/^.$/d'
}

# many: 200 requests from four at once
many() {
    for n in 1 2 3 4; do
        get /work 50 >"answer$n" &
        clients="${clients-} $!"
    done
    # shellcheck disable=SC2086
    wait $clients
    clients=
    for n in 1 2 3 4; do
        grep -q '^object [0-9]*: ARRAY$' "answer$n" || fail "no answer for $n"
    done
    sleep 1.5 # all have reported
    get /sharing.json >json
}

# each NAME: that figure of each worker; sum NAME: of all
each() {
    sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" json
}
sum() {
    each "$1" | "$AWK" '{ sum += $1 } END { print sum + 0 }'
}

# measured: whether the system tells what is shared
measured() {
    [ "$(sum measured)" -eq "$(each measured | wc -l)" ]
}

# status WANTED REQUEST: the request, for printf, is answered so
status() {
    # shellcheck disable=SC2059
    got=$(printf "$2" | "$client" "$port" | sed -n '1s/^HTTP.1.1 \([0-9]*\) .*/\1/p')
    [ "$got" = "$1" ] || fail "$2: answered ${got:-nothing}, not $1"
}

# ---- sealed: nothing that was loaded is copied

begin --workers 3 --objects 30000
grep -q '^30001 objects on [0-9]* pages, sealed; 3 workers$' out ||
    fail "begins with: $(cat out)"
many
[ "$(sum requests)" -ge 200 ] || fail "not all requests are counted: $(cat json)"
[ "$(each pid | sort -u | wc -l)" -eq 3 ] || fail "not three workers: $(cat json)"
[ "$(sum kept)" -gt 0 ] || fail 'nothing has stayed'
if measured; then
    [ "$(sum body_private)" -eq 0 ] || fail "sealed objects are copied: $(cat json)"
    [ "$(sum body_shared)" -gt 0 ] || fail "nothing is shared: $(cat json)"
    [ "$(sum body_own)" -gt 0 ] || fail "nothing is new: $(cat json)"
fi
if command -v python3 >/dev/null; then
    python3 -m json.tool json >/dev/null || fail "is no JSON: $(cat json)"
fi
get / | grep -q '</html>' || fail 'the page is not whole'

# ---- whoever misbehaves

status 200 'GET / HTTP/1.0\r\n\r\n'
status 200 'GET /work?a=b HTTP/1.1\nHost: here\n\n'
status 200 'HEAD / HTTP/1.1\r\n\r\n'
status 404 'GET /nothing HTTP/1.1\r\n\r\n'
status 400 'GET http://elsewhere/ HTTP/1.1\r\n\r\n'
status 400 'hello\r\n\r\n'
status 400 '\r\n\r\n'
status 400 'GET /\r\n\r\n'
status 400 'GET /\000 HTTP/1.1\r\n\r\n'
status 405 'POST /work HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'
status 505 'GET / HTTP/2.0\r\n\r\n'
status 408 'GET / HT'
long=$("$AWK" 'BEGIN { while (n++ < 100000) printf "x" }')
status 431 "GET /$long HTTP/1.1\r\n\r\n"
printf 'HEAD / HTTP/1.0\r\n\r\n' | "$client" "$port" | grep -q html. &&
    printf 'HEAD / HTTP/1.0\r\n\r\n' | "$client" "$port" | grep -q '<html' &&
    fail 'HEAD has a body'
head -c 8000 /dev/urandom >noise
"$client" "$port" 3 <noise >answer # whatever it is
printf 'GET / HTTP/1.1\r\n\r\n' | "$client" "$port" 50 leave
printf '' | "$client" "$port" 50 leave
get /work | grep -q ARRAY || fail 'no answer after all this'

# ---- a worker that dies

before=$(each pid | sort)
victim=$(each pid | head -n 1)
kill -KILL "$victim"
waits=0
while get /sharing.json >json; [ "$(each pid | grep -cx "$victim")" -ne 0 ] ||
    [ "$(each pid | grep -cx 0)" -ne 0 ]; do
    waits=$((waits + 1))
    [ $waits -le 100 ] || { fail 'a worker is not replaced'; break; }
    sleep 0.1
done
[ "$(each pid | sort)" != "$before" ] || fail 'a dead worker counts'
grep -q "^worker 0 (pid $victim) died: Killed" err || fail "says: $(cat err)"
: >err
many
! measured || [ "$(sum body_private)" -eq 0 ] ||
    fail "sealed objects are copied after a replacement: $(cat json)"
end sealed
[ "$(grep -cE '^ {5}[0-2] ' out)" -eq 3 ] || fail "ends with: $(cat out)"
for worker in $(each pid); do
    ! kill -0 "$worker" 2>/dev/null || fail 'a worker outlives the server'
done

# ---- not sealed: the difference is seen

begin --workers 2 --objects 30000 --no-seal
many
! measured || [ "$(sum body_private)" -gt 0 ] ||
    fail "not sealed, and nothing is copied: $(cat json)"
end 'not sealed' -INT

# ---- heap dumps, and an end by itself

if command -v gzip >/dev/null; then
    for dump in "$top_srcdir"/tests/data/*.json.gz; do
        gzip -dc "$dump" >dump
        begin --workers 2 --requests 20 dump
        get /work 20 >/dev/null || fail "$dump: no answer"
        waits=0
        while kill -0 $pid 2>/dev/null && [ $waits -lt 100 ]; do
            waits=$((waits + 1))
            sleep 0.1
        done
        kill $pid 2>/dev/null && fail "$dump: does not end by itself"
        wait $pid || fail "$dump: status $? at the end: $(cat err)"
        grep -q '^2[0-9] requests$' out || fail "$dump: ends with: $(cat out)"
    done
    grep -qE '^[0-9]{5} objects' out || fail "few objects in a dump: $(cat out)"
    input=dump
    begin --workers 1 --requests 1 -
    unset input
    end 'from a pipe'
fi

# ---- what it refuses

# refuses STATUS ARGUMENT...
refuses() {
    wanted=$1
    shift
    "$server" "$@" >out 2>err
    got=$?
    [ $got -eq "$wanted" ] || fail "$*: status $got, not $wanted: $(cat out err)"
    [ -s err ] || fail "$*: says nothing"
}
refuses 2 --workers 0
refuses 2 --workers 65
refuses 2 --port 65536
refuses 2 --objects many
refuses 2 --unknown
refuses 1 nowhere
refuses 1 noise
refuses 1 "$top_srcdir/README.md"
refuses 1 /dev/null
printf '{"address":"0x1", "type":"ARRAY", "references":["0x1", "0x' >cut
"$server" --requests 1 cut >out 2>err &
pid=$!
sleep 1
kill $pid 2>/dev/null
wait $pid
[ $? -le 1 ] || fail "a dump that is cut off: $(cat err)"

# ---- nothing is lost or read too early, with the eyes of valgrind

if [ -n "${VALGRIND-}" ] && [ -z "$SAN_CFLAGS" ]; then
    real=$server
    server=$scratch/watched
    {
        echo '#!/bin/sh'
        echo "exec '$top_builddir/libtool' --mode=execute '$VALGRIND' --quiet \\"
        echo '    --error-exitcode=9 --leak-check=full \'
        echo "    --errors-for-leak-kinds=definite,possible '$real' \"\$@\""
    } >watched
    chmod +x watched
    begin --workers 2 --objects 3000
    get /work 60 >/dev/null || fail 'no answer under valgrind'
    printf 'GET / HT' | "$client" "$port" >/dev/null
    end 'under valgrind'
fi
finish
