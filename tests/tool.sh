# Sourced by the tests of the rheap command, behind common.sh.

tool=$top_builddir/tools/rheap
[ -x "$tool" ] || skip 'the rheap command is not built'

# rheap ARGUMENTS...: as a user runs it.
rheap() {
    "$tool" "$@"
}

# The same under valgrind, if there is one and the build allows it: a fault or
# a leak is exit status 99.
watched_rheap() {
    "$tool" "$@"
}
if [ -n "${VALGRIND-}" ] || VALGRIND=$(command -v valgrind); then
    watched_rheap() {
        "$top_builddir/libtool" --mode=execute "$VALGRIND" -q \
            --error-exitcode=99 --leak-check=full \
            --errors-for-leak-kinds=definite,possible,indirect \
            "$tool" "$@"
    }
fi
[ -z "$SAN_CFLAGS" ] || watched_rheap() { "$tool" "$@"; }

# need PROGRAM...: skip the test where one is missing.
need() {
    for program; do
        command -v "$program" >/dev/null || skip "there is no $program"
    done
}
