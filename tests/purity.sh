#!/bin/sh
# The library prints nothing, ends no process, reads no environment, and keeps
# no state outside its heaps: seen from the object files, where macros and
# comments no longer deceive.
. "$(dirname "$0")/common.sh"
scratch
# snprintf only formats, and is the one thing of stdio that is welcome.
stdio='v?d?f?w?printf|f?puts|f?putc|putchar|perror|fopen|fdopen|fclose|fread|fwrite|fflush|fgets|getline|stdin|stdout|stderr'
ending='_?exit|_Exit|quick_exit|abort|atexit|on_exit|raise|kill|signal|sigaction|__assert_fail'
environment='(secure_)?getenv|putenv|setenv|environ|__environ'

# The only variable of the library: what fork handlers must find.
may_vary='^rhi_fork_registry'

for file in $(chapters | grep '\.c$'); do
    object=$(object_of "$file")
    [ -f "$object" ] || { fail "$object is missing"; continue; }
    $NM -u "$object" | sed 's/.* //; s/@.*//; s/^__\(.*\)_chk$/\1/' |
        grep -Ex "($stdio)|($ending)|($environment)" |
        sed "s,^,lib/$file uses ," >>"$scratch/found"
    # Instrumentation brings variables of its own.
    [ -z "$SAN_CFLAGS" ] || continue
    $OBJDUMP -t "$object" | "$AWK" '
        / O / && match($0, / \.(t?data|t?bss)(\.[^ \t]*)?[ \t]/) &&
            !/ \.data\.rel\.ro/ { print $NF }' | grep -Ev "$may_vary" |
        sed "s,^,lib/$file has the variable ," >>"$scratch/found"
done
if [ -s "$scratch/found" ]; then
    cat "$scratch/found"
    fail 'this does not belong into the library'
fi
finish
