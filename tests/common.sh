# Sourced by every test script.  make passes the variables; run by hand, in a
# build directory, a script finds the rest itself.
# Exit status: 0 passed, 77 skipped, anything else failed.

: "${top_srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${top_builddir:=$PWD}"
: "${CC:=cc}" "${NM:=nm}" "${OBJDUMP:=objdump}" "${AWK:=awk}"
: "${SAN_CFLAGS=}"
LC_ALL=C
export LC_ALL

failures=0

# fail TEXT: note a failure and go on; a script ends with `finish'.
fail() {
    printf '%s\n' "$*"
    failures=$((failures + 1))
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

# scratch: a directory in the build tree, $scratch, gone when the script ends.
scratch() {
    scratch=$(mktemp -d "$top_builddir/tests/scratch.XXXXXX") || exit 99
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 99' HUP INT TERM
}

# chapters: the files of the library in reading order, relative to lib/.
chapters() {
    sed -n 's/^[[:space:]]\{1,\}%D%\/\([^[:space:]]*\.[ch]\)[[:space:]].*/\1/p' \
        "$top_srcdir/lib/local.mk"
}

# object_of FILE.c: its object file in the core library.
object_of() {
    dir=$top_builddir/lib/$(dirname "$1")
    name=$(basename "$1" .c).o
    if [ -f "$dir/.libs/$name" ]; then
        printf '%s\n' "$dir/.libs/$name"
    else
        printf '%s\n' "$dir/$name"
    fi
}
