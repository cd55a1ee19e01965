#!/bin/bash
# SPDX-License-Identifier: ISC
#
# cross.sh [ARCHITECTURE...]: the unit tests on other architectures (default: s390x, which is big-endian, and arm64), by cross
# compilers and qemu-user. `make check-cross` runs it, as root on Debian; it builds in build-cross/ (or CROSS_DIR).
#
# The libraries are Debian's, unpacked into a directory: nothing of another architecture is installed.

. "${BASH_SOURCE[0]%/*}/lib.sh"
. "${BASH_SOURCE[0]%/*}/packages.sh"

CROSS=${CROSS_DIR:-$TOP_DIR/build-cross}
LIBRARIES=libc6-dev,linux-libc-dev,libnl-route-3-dev,libmnl-dev,liburing-dev,libseccomp-dev,libsystemd-dev,libjansson-dev
LIBRARIES+=,libsmartcols-dev,libinih-dev,check,libmicrohttpd-dev,libncurses-dev
# Debian's name, the compiler's, qemu's
ARCHITECTURES='s390x s390x-linux-gnu s390x
arm64 aarch64-linux-gnu aarch64'
# what an emulated process cannot: execute itself again under another name, install a filter of system calls, or ask for the groups
# of who is at the other end of a socket
BEYOND_QEMU='test_datapath test_starter test_seccomp test_varlink'
# at a tenth of the speed
export RPORT_LOOP_OPERATIONS=300 CK_TIMEOUT_MULTIPLIER=10

# make_root ROOT DEBIAN-NAME: headers and libraries, and nothing else: in qemu's eyes a path that is there is there for programs,
# too. Absolute links lead into it.
make_root() {
	local link
	[ ! -e "$1/complete" ] || return 0
	rm -rf "$1"
	mkdir -p "${1%/*}" &&
		mmdebstrap --variant=extract --architectures="$2" --include="$LIBRARIES" "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$1" || return
	find "$1" -mindepth 1 -maxdepth 1 ! -name usr ! -name 'lib*' -exec rm -rf {} + || return
	find "$1" -type l -lname '/*' | while IFS= read -r link; do
		ln -sfn "$1$(readlink "$link")" "$link"
	done
	touch "$1/complete"
}

# build ROOT TRIPLE DIRECTORY. The fast path is left out: bpftool of Debian 12 reads no program of the other byte order
build() {
	local CC="$2-gcc --sysroot=$1"
	export CC PKG_CONFIG_SYSROOT_DIR=$1 PKG_CONFIG_LIBDIR=$1/usr/lib/$2/pkgconfig:$1/usr/share/pkgconfig
	build_tree "$TOP_DIR" "$3" 'all check' --host="$2" --enable-werror --disable-fast-path \
		LDFLAGS="-Wl,-rpath-link,$1/usr/lib/$2:$1/lib/$2"
}

# one_program ARCHITECTURE EMULATOR ROOT PROGRAM
one_program() {
	local name=$1.${4##*/} log=$CROSS/$1.${4##*/}.log started
	started=$(now_ms)
	if (cd "$TOP_DIR" && timeout 600 "qemu-$2-static" -L "$3" "$4") >"$log" 2>&1 </dev/null; then
		result ok "$name" " ($(seconds_since "$started")s)"
	else
		result 'not ok' "$name" " ($(seconds_since "$started")s)"
		tail -n 20 "$log" | sed 's/^/  | /'
	fi
}

# architecture NAME TRIPLE EMULATOR
architecture() {
	local root=$CROSS/$1/root directory=$CROSS/$1/build program
	export PACKAGES_cross="mmdebstrap:mmdebstrap qemu-user-static:qemu-$3-static gcc-$2:$2-gcc"
	if ! ensure_packages cross || ! make_root "$root" "$1" >"$CROSS/$1.log" 2>&1 ||
		! (build "$root" "$2" "$directory") >>"$CROSS/$1.log" 2>&1; then
		result 'not ok' "$1.build"
		tail -n 20 "$CROSS/$1.log" | sed 's/^/  | /'
		return 1
	fi
	result ok "$1.build"
	for program in "$directory"/tests/unit/test_*; do
		[[ $program != *.* && " $BEYOND_QEMU " != *" ${program##*/} "* ]] || continue
		one_program "$1" "$3" "$root" "$program" || FAILED=1
	done
}

FAILED=0
mkdir -p "$CROSS"
while read -r name triple emulator; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	architecture "$name" "$triple" "$emulator" </dev/null || FAILED=1
done <<<"$ARCHITECTURES"
exit "$FAILED"
