#!/bin/sh
# The installed tree works for a stranger: pkg-config finds the library, the
# installed examples build with their own Makefile, and print what they should.
. "$(dirname "$0")/common.sh"
scratch
PKG_CONFIG_PATH=$DESTDIR$pkgconfigdir
PKG_CONFIG_SYSROOT_DIR=$DESTDIR
LD_LIBRARY_PATH=$DESTDIR$libdir
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH

version=$(sed -n 's/.*RH_VERSION_STRING "\(.*\)".*/\1/p' \
    "$top_builddir/include/rheap/version.h")
[ "$(pkg-config --modversion rheap)" = "$version" ] ||
    fail "pkg-config does not know rheap $version"

cp -R "$DESTDIR$docdir"/examples/* "$scratch" || fail 'no examples are installed'
make -s -C "$scratch" CC="$CC" CFLAGS="$SAN_CFLAGS" MAKEFLAGS= ||
    fail 'the installed examples do not build'
cd "$scratch" || exit 99
for expected in "$scratch"/*.out; do
    set --
    [ ! -f "${expected%.out}.args" ] || set -- "$(cat "${expected%.out}.args")"
    "${expected%.out}" "$@" | diff -u "$expected" - ||
        fail "${expected##*/}: printed something else"
done

# Once more with the archive, if there is one.
archive=$DESTDIR$libdir/librheap.a
first=$(basename "$(ls "$scratch"/*.c | head -n 1)" .c)
if [ -f "$archive" ]; then
    # shellcheck disable=SC2086,SC2046
    $CC $SAN_CFLAGS -o "$scratch/static" "$scratch/$first.c" \
        $(pkg-config --cflags rheap) "$archive" -lm &&
        "$scratch/static" | diff -u "$scratch/$first.out" - ||
        fail 'an example does not work with the archive'
fi
finish
