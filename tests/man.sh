#!/bin/sh
# The manual pages are without fault.
. "$(dirname "$0")/common.sh"
pages=$(find "$top_srcdir/doc/man" -name '*.[1-9]' 2>/dev/null)
[ -n "$pages" ] || skip 'there are no manual pages'
if command -v mandoc >/dev/null; then
    # shellcheck disable=SC2086
    mandoc -Tlint -Wwarning $pages || fail 'mandoc complains'
elif command -v groff >/dev/null; then
    for page in $pages; do
        groff -man -Tutf8 -ww -z "$page" 2>&1 | grep . && fail "in $page"
    done
else
    skip 'neither mandoc nor groff is installed'
fi
finish
