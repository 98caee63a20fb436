#!/bin/sh
# The Lisp of examples/07-lisp: its programs, its errors, its dialogue with a
# user; and that it holds every reference it needs (--stress) and gives
# everything back (valgrind).
. "$(dirname "$0")/common.sh"
scratch
lisp=$top_builddir/examples/07-lisp
programs=$top_srcdir/examples/lisp
[ -x "$lisp" ] || skip 'examples/07-lisp is not built'
cd "$scratch" || exit 99
HOME=$scratch
export HOME
unset NO_COLOR

# ---- programs: what they print, with every reference held or lost

# prints WHAT ARGUMENT...: the command prints that, and its heap is whole
prints() {
    wanted=$1
    shift
    "$lisp" --verify "$@" >out 2>err || fail "$*: status $?"
    printf '%s\n' "$wanted" | diff -u - out || fail "$*: printed something else"
    [ ! -s err ] || fail "$*: $(cat err)"
}

language=$(cat "$top_srcdir/examples/07-lisp.out")
prints "$language" "$programs/language.lisp"
prints "$language" --stop-the-world --heap-slots 500 "$programs/language.lisp"
prints "$language" --stress "$programs/language.lisp" 600
prints "$language" --stress=young "$programs/language.lisp" 300
prints "$language" --stress=moves "$programs/language.lisp" 300
prints '(tak 18 12 6) is 7' "$programs/tak.lisp"
prints '(tak 6 4 2) is 3' --stress "$programs/tak.lisp" 6 4 2
prints '8 queens: 92 ways' "$programs/nqueens.lisp"
prints '4 queens: 2 ways' --stress "$programs/nqueens.lisp" 4
prints '4 queens: 2 ways' --stress=young "$programs/nqueens.lisp" 4
prints '4 queens: 2 ways' --stress=moves "$programs/nqueens.lisp" 4
gcbench='stretching: 63 nodes
2 trees of depth 4: 62 nodes top down, 62 bottom up
long-lived: 31 nodes, 0.0 in the array'
prints "$gcbench" --stress "$programs/gcbench.lisp" 4
prints "$(printf '%s\n' 'stretching: 4095 nodes' \
    '132 trees of depth 4: 4092 nodes top down, 4092 bottom up' \
    '32 trees of depth 6: 4064 nodes top down, 4064 bottom up' \
    '8 trees of depth 8: 4088 nodes top down, 4088 bottom up' \
    '2 trees of depth 10: 4094 nodes top down, 4094 bottom up' \
    'long-lived: 2047 nodes, 0.01 in the array')" \
    --heap-slots 2000 "$programs/gcbench.lisp" 10

# ---- the command line

prints '(1 4 9)' -e "(map (lambda (x) (* x x)) '(1 2 3))"
prints "$(printf '%s\n' '#<nothing>' 8)" -e '(define (f x) (+ x 1))' -e '(f 7)'
prints '("a" "b")' -e '(arguments)' a b
"$lisp" --eval='(car 5)' -e '(display "on")' >out 2>err
[ $? -eq 1 ] && [ ! -s out ] || fail 'an expression after one that fails is run'
printf '#!/usr/bin/env 07-lisp\n(write (arguments))\n(newline)\n' >arguments
prints '("a" "--stress")' arguments a --stress
mkdir -p beside
printf '(load "b")\n(print x)' >beside/a
printf '(define x 5)' >beside/b
prints 5 beside/a
echo '(print "in")' | "$lisp" - | grep -qx in || fail 'no program from a pipe'
"$lisp" -e '(exit 7)' >out
[ $? -eq 7 ] || fail '(exit 7) is not the status'
"$lisp" --help >out && grep -q -- --stress out || fail '--help does not help'
for wrong in --nonsense --heap-slots=many '--max-heap -1'; do
    # shellcheck disable=SC2086
    "$lisp" $wrong >out 2>err </dev/null
    [ $? -eq 2 ] || fail "$wrong is accepted"
    [ -s err ] || fail "$wrong: not a word"
done
"$lisp" --stats --stress -e '(list 1 2)' 2>err >out || fail '--stats fails'
grep -q '^collections  *[1-9]' err || fail "statistics: $(cat err)"

# ---- errors: file, line, cause, and status 1

# complains TEXT MESSAGE: a program of that text ends with that message
complains() {
    printf '%b' "$1" >program.lisp
    "$lisp" --verify program.lisp >out 2>err
    [ $? -eq 1 ] || fail "$1: accepted"
    printf '%s\n' "$2" | diff -u - err || fail "$1: another message"
}

complains '(define x\n  (list 1 2)\n' 'program.lisp:1: ( is never closed'
complains '1\n(+ 1\n   (car (quote (1)))))' 'program.lisp:3: ) closes nothing'
complains '\n"abc\n' 'program.lisp:2: this string is never closed'
complains "'" 'program.lisp:1: nothing is quoted here'
complains '(1 . 2 3)' 'program.lisp:1: one datum follows a dot, and no more'
complains '( . 2)' 'program.lisp:1: a dot has a datum on either side'
complains '#q' 'program.lisp:1: # is followed by t, f or ('
complains '(define (f)\n  (if))\n' 'program.lisp:2: bad syntax: (if)'
complains '(let ((x 1) (y))\n  x)' \
    'program.lisp:1: car: wrong type of argument 1: ()'
complains '\n\n(f 1)\n' 'program.lisp:3: unknown variable: f'
complains '(define (f x)\n  (+ x\n     (car x)))\n(f 5)\n' \
    'program.lisp:3: car: wrong type of argument 1: 5'
complains '(define (f x) x)\n\n(f 1 2)\n' \
    'program.lisp:3: wrong number of arguments (2): #<procedure f>'
complains '(error "no way" 1 "two")' 'program.lisp:1: no way: 1 "two"'
complains '(define (f l)\n  (map car l))\n(f 5)' \
    'program.lisp:2: car: wrong type of argument 1: 5'
complains '(raise (list 1 2))' 'nobody caught (1 2)'
complains '(open-input-file "none")' \
    'program.lisp:1: cannot open: No such file or directory: "none"'
complains '(define (f n) (+ 1 (f (+ n 1))))\n(f 0)' \
    'program.lisp:1: recursion is too deep'
"$lisp" none.lisp 2>err
[ $? -eq 1 ] || fail 'a program that is not there is no error'
echo 'cannot open: No such file or directory: "none.lisp"' | diff -u - err ||
    fail 'a program that is not there: another message'
"$lisp" -e '(display 1)' 2>err >/dev/full
[ $? -eq 1 ] || fail 'a full disk is no error'

printf "(define (grow l) (grow (cons 1 l)))\n(grow '())\n" >grow.lisp
"$lisp" --max-heap 16 --verify grow.lisp 2>err
[ $? -eq 1 ] || fail 'memory never runs out'
echo 'grow.lisp:1: out of memory' | diff -u - err || fail 'out of memory?'
prints '#t' --max-heap 16 -e "
    (begin (define (grow l) (grow (cons 1 l)))
           (equal? (try (lambda () (grow '())) error-message)
                   \"out of memory\"))"
if [ -z "$SAN_CFLAGS" ]; then
    ( # shellcheck disable=SC3045 # where there is no ulimit -s, nothing is lost
        ulimit -s 512
        "$lisp" program.lisp 2>&1
    ) | grep -q 'recursion is too deep' || fail 'a small stack overflows'
fi

# ---- the dialogue, through a pipe

printf '%s\n' '(define (twice x)' '  (* x 2)) ; )' '(twice 21) "a b"' \
    '(car 5)' "'(still . here)" '(define s "' '(")' 's' '(list 1' |
    "$lisp" --verify >out 2>err
[ $? -eq 1 ] || fail 'the last error of a pipe is forgotten'
printf '%s\n' 42 '"a b"' '(still . here)' '"\n("' | diff -u - out ||
    fail 'other answers through a pipe'
printf '%s\n' 'standard input:4: car: wrong type of argument 1: 5' \
    'standard input:9: ( is never closed' | diff -u - err ||
    fail 'other complaints through a pipe'
printf '1\n(exit 3)\n2\n' | "$lisp" >out
[ $? -eq 3 ] || fail '(exit 3) does not end the dialogue'
printf '1\n' | diff -u - out || fail 'the dialogue goes on after (exit)'

# ---- the dialogue, on a terminal

cat >terminal.py <<'END'
import os, pty, select, sys, time

def read_until(fd, text, seconds=60):
    seen = b""
    while not seen.endswith(text):
        if not select.select([fd], [], [], seconds)[0]:
            sys.exit("waited for %r in vain: %r" % (text, seen))
        try:
            piece = os.read(fd, 4096)
        except OSError:
            piece = b""
        if not piece:
            break
        seen += piece
    return seen

def expect(seen, *words):
    for word in words:
        if word not in seen:
            sys.exit("there is no %r in %r" % (word, seen))

def dialogue(steps, environment):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(environment)
        os.execv(sys.argv[1], [sys.argv[1], "--verify"])
    expect(read_until(fd, prompt), b"Ctrl-D")
    everything = b""
    for keys, ending, words in steps:
        os.write(fd, keys)
        seen = read_until(fd, ending)
        expect(seen, *words)
        everything += seen
        time.sleep(0.1)
    os.write(fd, b"\4")
    read_until(fd, b"never said")
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        sys.exit("leaving by Ctrl-D is no error, but the status says so")
    return everything

prompt, more = b"lisp> ", b"  ... "
steps = [
    (b"(+ 40 2)\r", prompt, [b"42"]),
    (b"(car 5)\r", prompt, [b"standard input:2: car: wrong type"]),
    (b"(define (f)\r", more, []),
    (b"(f))\r", prompt, []),
    (b"(f)\r", b"(f)\r\n", []),
    (b"\3", prompt, [b"standard input:4: interrupted"]),
    (b"(list 1\r", more, []),
    (b"\3", prompt, []),
    (b"(* 6 7)\r", prompt, [b"42"]),
]
plain = {"NO_COLOR": "1", "TERM": "xterm"}
if b"\33[3" in dialogue(steps, plain):
    sys.exit("colours, and NO_COLOR is set")
prompt, more = b"lisp>\33[0m ", b"  ...\33[0m "
if "libedit" not in sys.argv:
    prompt, more = b"lisp> ", b"  ... "
expect(dialogue([(b"(car 5)\r", prompt, [b"\33[31mstandard"]),
                 (b"'x\r", prompt, [b"\33[36mx"])], {"TERM": "xterm"}))
if "libedit" in sys.argv:
    prompt = b"lisp> "
    dialogue([(b"\x1b[A\x1b[A\x1b[A\r", prompt, [b"42"])], plain)
END
if command -v python3 >/dev/null; then
    editor=
    grep -q '^S\["LIBEDIT_LIBS"\]=".*-ledit' "$top_builddir/config.status" &&
        editor=libedit
    python3 terminal.py "$lisp" $editor || fail 'the terminal'
fi

# ---- everything is given back

if [ -n "${VALGRIND-}" ] && [ -z "$SAN_CFLAGS" ]; then
    for way in "$programs/language.lisp 100" 'program.lisp' \
        "--stress $programs/tak.lisp 3 2 1" '-e (exit)'; do
        # shellcheck disable=SC2086
        "$top_builddir/libtool" --mode=execute "$VALGRIND" --quiet \
            --error-exitcode=9 --leak-check=full --show-leak-kinds=all \
            --errors-for-leak-kinds=all "$lisp" --verify $way >out 2>err
        [ $? -ne 9 ] || { cat err; fail "valgrind complains of $way"; }
    done
fi
finish
