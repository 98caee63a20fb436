#!/bin/sh
# Deliberately bad programs: the tool that watches memory must see what they
# do.  A tool that has never been seen complaining proves nothing.  The program
# named healthy does no wrong, and the tool must let it pass.
. "$(dirname "$0")/common.sh"
scratch
[ -n "${CANARIES-}" ] || skip 'there are no canaries'

case $SAN_CFLAGS in
*address*) tool='' complaint='AddressSanitizer|LeakSanitizer' ;;
*)
    [ -n "${VALGRIND-}" ] || skip 'neither asan nor valgrind'
    tool="$VALGRIND --quiet --error-exitcode=9 --leak-check=full
          --errors-for-leak-kinds=definite,possible"
    complaint='^==[0-9]+=='
    ;;
esac

for canary in $CANARIES; do
    [ -x "$top_builddir/$canary" ] || skip "$canary is not built"
    status=0
    # shellcheck disable=SC2086
    $tool "$top_builddir/$canary" >"$scratch/out" 2>&1 || status=$?
    case $canary in
    */healthy) [ "$status" -eq 0 ] ;;
    *) [ "$status" -ne 0 ] && grep -qE "$complaint" "$scratch/out" ;;
    esac || {
        cat "$scratch/out"
        fail "$canary ended with $status, and nobody sang"
    }
done
finish
