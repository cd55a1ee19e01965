#!/bin/bash
# SPDX-License-Identifier: ISC
#
# shellcheck disable=SC2034,SC2094 # lists are named by ensure_packages' arguments; files serve as locks
#
# What building and testing need, by Debian package, and how to tell that it is there, and how to copy and build the tree.
# Sourced by quickstart, run-tests and tests: ensure_packages SET...

# package:probe, with probe one of: a command, pc=MODULE (pkg-config), file=PATTERN; without one dpkg is asked
PACKAGES_build='gcc:gcc libc6-dev:file=/usr/include/stdio.h make:make autoconf:autoconf automake:automake
	pkg-config:pkg-config libnl-route-3-dev:pc=libnl-route-3.0 libmnl-dev:pc=libmnl liburing-dev:pc=liburing
	libseccomp-dev:pc=libseccomp libsystemd-dev:pc=libsystemd libjansson-dev:pc=jansson libsmartcols-dev:pc=smartcols libinih-dev:pc=inih check:pc=check
	clang:clang bpftool:bpftool libbpf-dev:pc=libbpf libmicrohttpd-dev:pc=libmicrohttpd
	libncurses-dev:pc=ncursesw'
PACKAGES_run='iproute2:ip iputils-ping:ping util-linux:nsenter'
PACKAGES_test="$PACKAGES_run jq:jq gojq:gojq socat:socat procps:ps tcpdump:tcpdump nftables:nft ethtool:ethtool strace:strace
	curl:curl prometheus:promtool tmux:tmux graphviz:dot tshark:tshark"
PACKAGES_readme='ifupdown:ifup podman:podman crun:crun catatonit:catatonit containernetworking-plugins:file=/usr/lib/cni/bridge
	iptables:iptables lxc:lxc-start systemd-container:systemd-nspawn frr:file=/usr/lib/frr/bgpd'
PACKAGES_plugins='containernetworking-plugins:file=/usr/lib/cni/host-local iptables:iptables podman:podman crun:crun
	containerd:containerd runc:runc'
PACKAGES_routing='frr:file=/usr/lib/frr/bgpd bird2:bird babeld:babeld keepalived:keepalived smcroute:smcrouted'
PACKAGES_shells='zsh:zsh fish:fish'
PACKAGES_memcheck='valgrind:valgrind libc6-dbg'
PACKAGES_lint='clang-format:clang-format clang-tidy:clang-tidy cppcheck:cppcheck shellcheck:shellcheck mandoc:mandoc
	systemd:systemd-analyze'
# and libclang-rt-VERSION-dev: ensure_fuzz_packages
PACKAGES_fuzz='clang:clang'
PACKAGES_dist='xz-utils:xz'
PACKAGES_package='debhelper:dh dpkg-dev:dpkg-buildpackage fakeroot:fakeroot pkgconf lintian:lintian rpm:rpmbuild
	rpmlint:rpmlint'
PACKAGES_systemd='systemd:systemd-analyze dbus:dbus-daemon debootstrap:debootstrap'
PACKAGES_vm='debootstrap:debootstrap qemu-system-x86:qemu-system-x86_64 e2fsprogs:mke2fs kmod:modprobe xz-utils:xz'

# package_there PACKAGE PROBE
package_there() {
	case $2 in
	pc=*) pkg-config --exists "${2#pc=}" 2>/dev/null ;;
	file=*) compgen -G "${2#file=}" >/dev/null ;;
	'') dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii' ;;
	*) PATH=$PATH:/usr/sbin:/sbin command -v "$2" >/dev/null ;;
	esac
}

# missing_packages SET...: the packages of these sets that are not there, one a line
missing_packages() {
	local set list entry probe
	for set; do
		list=PACKAGES_$set
		for entry in ${!list}; do
			probe=${entry#*:}
			[[ $entry == *:* ]] || probe=
			package_there "${entry%%:*}" "$probe" || echo "${entry%%:*}"
		done
	done | sort -u
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

# ensure_packages SET...: install what is missing; says what and fails when that is not possible
ensure_packages() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "These packages are missing, and only root can install them: ${missing[*]}" >&2
		return 1
	elif ! command -v apt-get >/dev/null; then
		echo "These packages are missing (Debian's names), and there is no apt-get to install them: ${missing[*]}" >&2
		return 1
	fi
	echo "Installing ${missing[*]}"
	(
		# one at a time: apt's lists have a lock that does not wait
		flock 9
		apt_install "${missing[@]}" || { apt-get -q update && apt_install "${missing[@]}"; }
	) 9<"${BASH_SOURCE[0]}" >"${PACKAGES_LOG:-/dev/null}" 2>&1 </dev/null
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -eq 0 ] || {
		echo "Could not install ${missing[*]}: see ${PACKAGES_LOG:-the output of apt-get install}" >&2
		return 1
	}
}

# ensure_fuzz_packages: clang, and libFuzzer, which is in the run-time libraries of its version
ensure_fuzz_packages() {
	local version
	ensure_packages fuzz || return
	version=$(clang -dumpversion) || return
	version=${version%%.*}
	PACKAGES_libfuzzer="libclang-rt-$version-dev:file=$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-*.a"
	ensure_packages libfuzzer
}

# copy_tree DIRECTORY: what is tracked, or all but builds where nothing is
copy_tree() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -n "$(git ls-files configure.ac)" ]; then
		git ls-files -z | xargs -0 cp --parents -P -t "$1"
	else
		tar -c --exclude='./build*' --exclude=./.git --exclude=./autom4te.cache --exclude='./configure~' --exclude=./configure . | tar -x -C "$1"
	fi
}

# build_tree SOURCE BUILD TARGETS [CONFIGURE-OPTION...]: autoreconf where needed, configure where needed, make; the output is
# the caller's. Several may run at once: the directory, and configure.ac, serve as locks.
build_tree() {
	local source=$1 build=$2 targets=$3 target input
	shift 3
	mkdir -p "$build" && (
		flock 9
		cd "$source" || exit
		if [ -e config.status ]; then
			echo "There is a build in the source tree: say 'make distclean' there first" >&2
			exit 1
		fi
		(
			flock 8
			for input in configure.ac Makefile.am; do
				if [ ! configure -nt $input ] || [ ! Makefile.in -nt $input ]; then
					exec autoreconf -fi
				fi
			done
		) 8<configure.ac || exit
		cd "$build" || exit
		if [ ! -e Makefile ] || [ "$(cat .options 2>/dev/null)" != "$*" ]; then
			"$source/configure" "$@" && echo "$*" >.options || exit
		fi
		# one after the other: two at once would make the same file twice. TESTS: for "check", build the tests only
		for target in $targets; do
			make -j"$(nproc)" "$target" TESTS= || exit
		done
	) 9<"$build"
}

# unpack_docker DIRECTORY: docker, into this directory: where it is installed it changes the firewall of the machine. As a condition
unpack_docker() {
	[ ! -x "$1/usr/sbin/dockerd" ] || return 0
	rm -rf "$1"
	mkdir -p "$1/packages" && (
		cd "$1/packages" && apt-get -q download docker.io containerd runc && for package in *.deb; do
			dpkg -x "$package" .. || exit
		done && rm -r ../packages
	) >>"${PACKAGES_LOG:-/dev/null}" 2>&1
}

# download_udev FILE: the package, which nothing needs where no devices come and go, as in a container. As a condition
download_udev() {
	local dir=${1%/*}
	(cd "$dir" && apt-get -q download udev && mv udev_*.deb "$1") >>"${PACKAGES_LOG:-/dev/null}" 2>&1
}
