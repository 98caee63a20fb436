#!/bin/sh
# Every public header compiles alone, as C99, C11 and C++, without a warning.
. "$(dirname "$0")/common.sh"
scratch
strict='-pedantic-errors -Wall -Wextra -Werror -fsyntax-only'
include="-I$top_srcdir/include -I$top_builddir/include"

# try NAME COMMAND...: COMMAND must accept the file.
try() {
    what=$1
    shift
    # shellcheck disable=SC2086
    "$@" $strict $include || fail "<$name> does not compile as $what"
}

for header in "$top_srcdir"/include/rheap.h "$top_srcdir"/include/rheap/*.h \
    "$top_builddir"/include/rheap/version.h; do
    name=${header##*/include/}
    printf '#include <%s>\nint nothing;\n' "$name" >"$scratch/alone.c"
    cp "$scratch/alone.c" "$scratch/alone.cc"
    try C99 $CC -std=c99 "$scratch/alone.c"
    try C11 $CC -std=c11 "$scratch/alone.c"
    [ -z "$CXX" ] || try C++ $CXX -std=c++11 "$scratch/alone.cc"
done
[ -n "$CXX" ] || [ "$failures" -gt 0 ] || skip 'no C++ compiler'
finish
