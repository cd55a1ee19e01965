#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for lib.sh
#
# What the tests of the installed package share; sourced.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

SOCKET=/run/rportd/org.rportd.Manager

# in_a_root_to_spoil: not on a machine that somebody uses
in_a_root_to_spoil() {
	if [ ! -d /run/systemd/system ] || [ ! -d "$TOP_DIR/packages" ]; then
		skip could 'not in a root of package/run.sh'
	fi
	if [ -e /run/rport-spoiled ]; then
		return
	fi
	# containers have one that keeps services from being started
	rm -f /usr/sbin/policy-rc.d
	# manuals are not indexed anew each time
	rm -f /var/lib/man-db/auto-update
	# nor is the database of the machine that lies below: packages may be installed there meanwhile
	cp -a /var/lib/dpkg /var/lib/dpkg.own
	rm -rf /var/lib/dpkg /var/lib/dpkg.own/updates/*
	mv /var/lib/dpkg.own /var/lib/dpkg
	: >/run/rport-spoiled
}

apt_get() {
	succeeds env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --allow-downgrades "$@"
}

# install_package first|next
install_package() {
	apt_get install "$TOP_DIR/packages/$1"/rportd_*.deb
	# what dpkg and the scripts of the package complain about
	assert_no_match "$OUT$ERR" '*[Ff]ailed*' 'what apt-get said'
	assert_no_match "$OUT$ERR" '*Could not*' 'what apt-get said'
}

# rportctl ARGUMENT...: as it is installed
rportctl() {
	command rportctl "$@"
}

# link_is NAME STATE, as a condition
link_is() {
	[ "$(rportctl -j show "$1" | jq -r .state)" = "$2" ]
}
