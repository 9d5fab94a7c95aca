#!/usr/bin/env bash
# Builds and installs the hub, the C library, its header, and what pkg-config and CMake
# need to find them: make install PREFIX=/usr/local DESTDIR=
#
# SLOTWAY_PROFILE=dev installs a build that is quick to make and slow to run.
set -euo pipefail
prefix=${PREFIX:-/usr/local}
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
destdir=${DESTDIR:-}
case $destdir in '' | /*) ;; *) destdir=$PWD/$destdir ;; esac
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
profile=${SLOTWAY_PROFILE:-release}
folder=$profile
[ "$profile" = dev ] && folder=debug
target=${CARGO_TARGET_DIR:-target}/$folder

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
abi_major=$(sed -n 's/^#define SLOTWAY_ABI_MAJOR //p' include/slotway.h)

"$cargo" build --profile "$profile" -p slotway-hub
# Building says which libraries of the system the static library needs.
said=$("$cargo" rustc --profile "$profile" -p slotway-ffi --lib --color never -- \
    --print native-static-libs 2>&1) || { echo "$said" >&2; exit 1; }
libraries=$(sed -n 's/^note: native-static-libs: *//p' <<<"$said" | tail -n 1)
if [ -z "$libraries" ]; then
    echo "install: the compiler does not say which libraries the static library needs:" >&2
    echo "$said" >&2
    exit 1
fi

root=$destdir$prefix
put() { install -D -m "$1" "$2" "$root/$3"; }
# fill TEMPLATE PLACE LIBRARIES: a template with its blanks filled in.
fill() {
    local place=$root/$2
    mkdir -p "$(dirname "$place")"
    sed -e "s|@PREFIX@|$prefix|g; s|@LIBS_PRIVATE@|$3|g" \
        -e "s|@VERSION@|$version|g; s|@ABI_MAJOR@|$abi_major|g" \
        -e "s|@VERSION_MAJOR@|$(cut -d. -f1 <<<"$version")|g" \
        -e "s|@VERSION_MINOR@|$(cut -d. -f2 <<<"$version")|g" \
        "bindings/c/templates/$1" >"$place"
    chmod 644 "$place"
}

put 755 "$target/slotway" bin/slotway
"$target/slotway" generate man "$root/share/man"
"$target/slotway" generate completions "$root/share"
put 644 include/slotway.h include/slotway.h
put 755 "$target/libslotway.so" "lib/libslotway.so.$version"
ln -sf "libslotway.so.$version" "$root/lib/libslotway.so.$abi_major"
ln -sf "libslotway.so.$abi_major" "$root/lib/libslotway.so"
put 644 "$target/libslotway.a" lib/libslotway.a
fill slotway.pc.in lib/pkgconfig/slotway.pc "$libraries"
# CMake separates by semicolons, and adds -l itself.
listed=$(sed 's/-l//g; s/  */;/g' <<<"$libraries")
fill SlotwayConfig.cmake.in lib/cmake/Slotway/SlotwayConfig.cmake "$listed"
fill SlotwayConfigVersion.cmake.in lib/cmake/Slotway/SlotwayConfigVersion.cmake ''
echo "installed Slotway $version under $root"
if [ -z "$destdir" ] && [ "$prefix" != /usr ] && [ "$prefix" != /usr/local ]; then
    echo "programs find it with PKG_CONFIG_PATH=$prefix/lib/pkgconfig, and at run time with"
    echo "-Wl,-rpath,$prefix/lib or LD_LIBRARY_PATH=$prefix/lib"
fi
