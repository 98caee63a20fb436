#!/bin/sh
# How much of the library the tests have run (after make check in a build with
# --enable-coverage): lines, per chapter, by gcov.
. "$(dirname "$0")/common.sh"
scratch
for file in $(chapters | grep '\.c$'); do
    object=$(object_of "$file")
    [ -f "${object%.o}.gcda" ] || { echo "lib/$file: never run"; continue; }
    (cd "$scratch" && ${GCOV:-gcov} -n -o "$object" \
        "$top_srcdir/lib/$file" 2>/dev/null) |
        sed -n "/^File '.*$(basename "$file")'/,/^Lines/s,^Lines executed:,lib/$file: ,p" |
        head -n 1
done
