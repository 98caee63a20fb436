#!/bin/sh
# Every C file looks as clang-format lays it out; with --fix, makes it so.
. "$(dirname "$0")/common.sh"

# Another version formats a little differently, so it must be this one.
version=14
for tool in "clang-format-$version" clang-format; do
    $tool --version 2>/dev/null | grep -q "version $version\." && break
    tool=
done
[ -n "$tool" ] || skip "clang-format $version is not installed"

cd "$top_srcdir" || exit 99
files=$(find lib include tools examples tests -name '*.[ch]')
if [ "${1-}" = --fix ]; then
    # shellcheck disable=SC2086
    exec $tool -i $files
fi
for file in $files; do
    $tool "$file" | diff -u "$file" - || fail "make format would change $file"
done
finish
