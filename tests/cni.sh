#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests of rport-cni share, beside lib.sh: calls of the plugin as a runtime makes them, and an IPAM plugin of ours.

PLUGIN=$BUILD_DIR/plugins/rport-cni
DEBIAN_CNI=/usr/lib/cni
CNI_VERSION=1.1.0
NETWORK=cinet
CONTAINER=deadbeef0123456789abcdef0123456789abcdef0123456789abcdef01234567
INTERFACE=eth0
NETNS=''  # another path than that of A
RESULT='' # of the last ADD

# cni COMMAND [KEYS]: call the plugin, with more keys in the configuration; sets RC, OUT and ERR
cni() {
	cni_config "${2:-{\}}" >"$TEST_TMP/config"
	cni_call "$1" "$PLUGIN" "$TEST_TMP/config"
}

# prepare_call COMMAND PROGRAM: CALL is how a runtime calls a plugin for the current attachment
prepare_call() {
	CALL=(nsenter --net="/run/netns/$HOME_NS" env CNI_COMMAND="$1" CNI_CONTAINERID="$CONTAINER" CNI_NETNS="${NETNS:-/run/netns/$A}"
		CNI_IFNAME="$INTERFACE" CNI_PATH="$TEST_TMP/plugins:$DEBIAN_CNI" RPORT_SOCKET="$SOCKET" FAKE_IPAM="$TEST_TMP/ipam" "$2")
}

# cni_call COMMAND PROGRAM CONFIG-FILE
cni_call() {
	prepare_call "$1" "$2"
	run "${CALL[@]}" <"$3"
}

# cni_config KEYS: a configuration: the network, in domain B, addresses from fake-ipam; then KEYS
cni_config() {
	jq -n --arg version "$CNI_VERSION" --arg name "$NETWORK" --arg domain "netns:$B" --argjson keys "$1" \
		'{cniVersion: $version, name: $name, type: "rport-cni", domain: $domain, ipam: {type: "fake-ipam"}} + $keys'
}

# cni_ok COMMAND [KEYS]; cni_fails CODE GLOB COMMAND [KEYS]: with this code, and message and details like that
cni_ok() {
	cni "$@"
	[ "$RC" = 0 ] || fail "$1: status $RC: $OUT $ERR"
}

cni_fails() {
	cni "${@:3}"
	assert_eq "$RC" 1 "status of $3"
	assert_json "$OUT" 'keys == ["cniVersion", "code", "details", "msg"]' "an error of CNI"
	assert_eq "$(jq .code <<<"$OUT")" "$1" "code of $(jq -c . <<<"$OUT")"
	assert_match "$(jq -r '.msg + ": " + .details' <<<"$OUT")" "$2" "message"
}

add() {
	cni_ok ADD "$@"
	RESULT=$OUT
}

# with_result: keys for CHECK and DEL
with_result() {
	jq -c '{prevResult: .}' <<<"$RESULT"
}

# make_ipam: a plugin that gives 10.1.0.2, .3, ... behind the gateway 10.1.0.1, and fails where it is told to: a file in the
# directory $FAKE_IPAM. It notes each call there in "log", and its leases in files lease.CONTAINER.INTERFACE.
make_ipam() {
	mkdir -p "$TEST_TMP/plugins" "$TEST_TMP/ipam"
	cat >"$TEST_TMP/plugins/fake-ipam" <<-'END'
		#!/bin/sh
		cat >"$FAKE_IPAM/config"
		lease=$FAKE_IPAM/lease.$CNI_CONTAINERID.$CNI_IFNAME
		echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME" >>"$FAKE_IPAM/log"
		while [ -e "$FAKE_IPAM/slow.$CNI_COMMAND" ]; do sleep 0.05; done
		if [ "$CNI_COMMAND" = ADD ]; then
			exec 9>>"$FAKE_IPAM/lock"
			flock 9
			n=$(($(cat "$FAKE_IPAM/next" 2>/dev/null || echo 2)))
			echo $((n + 1)) >"$FAKE_IPAM/next"
			echo "10.1.0.$n" >"$lease"
		fi
		if [ -e "$FAKE_IPAM/fail.$CNI_COMMAND" ]; then
			cat "$FAKE_IPAM/fail.$CNI_COMMAND"
			exit 1
		fi
		case $CNI_COMMAND in
		ADD)
			if [ -e "$FAKE_IPAM/result" ]; then
				cat "$FAKE_IPAM/result"
			else
				echo "{\"cniVersion\": \"1.0.0\",
					\"ips\": [{\"address\": \"10.1.0.$n/16\", \"gateway\": \"10.1.0.1\"}],
					\"routes\": [{\"dst\": \"0.0.0.0/0\", \"priority\": 50}], \"dns\": {\"nameservers\": [\"10.1.0.1\"]}}"
			fi
			;;
		DEL) rm -f "$lease" ;;
		esac
	END
	chmod 755 "$TEST_TMP/plugins/fake-ipam"
}

# leases: how many the IPAM plugin has given out
leases() {
	find "$TEST_TMP/ipam" -name 'lease.*' | wc -l
}

links() {
	rportctl -j list | jq -r '.[].name'
}

nothing_left() {
	assert_eq "$(links)" '' 'links left behind'
	assert_eq "$(leases)" 0 'leases left behind'
	assert_no_ports
}

# a daemon, a container A, and a domain B
start_all() {
	[ -x "$PLUGIN" ] || skip could 'rport-cni was not built'
	ns_add A B
	start_rportd
	make_ipam
}

# attachments CONTAINER/INTERFACE...: those that are valid
attachments() {
	jq -n '{"cni.dev/valid-attachments": ($ARGS.positional | map(split("/") | {containerID: .[0], ifname: .[1]}))}' --args "$@"
}

# needs_plugin NAME...: of Debian's package containernetworking-plugins
needs_plugin() {
	local name
	for name; do
		[ -x "$DEBIAN_CNI/$name" ] || skip could "there is no $DEBIAN_CNI/$name (package containernetworking-plugins)"
	done
}

# host_local: its part of a configuration, with leases of our own
host_local() {
	jq -n --arg dir "$TEST_TMP/leases" '{ipam: {type: "host-local", dataDir: $dir,
		ranges: [[{subnet: "10.2.0.0/24"}], [{subnet: "fd00:2::/64"}]], routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}]}}'
}

# call_config NAME KEYS: the file "other", a configuration of another plugin of the chain, with the result so far
call_config() {
	jq -n --arg version "$CNI_VERSION" --arg name "$NETWORK" --arg type "$1" --argjson keys "$2" --argjson result "$RESULT" \
		'{cniVersion: $version, name: $name, type: $type, prevResult: $result} + $keys' >"$TEST_TMP/other"
}

# call_other COMMAND NAME KEYS: another plugin of the chain; it gets the result so far, and RESULT is what it gives
call_other() {
	call_config "$2" "$3"
	cni_call "$1" "$DEBIAN_CNI/$2" "$TEST_TMP/other"
	[ "$RC" = 0 ] || fail "$1 of $2: status $RC: $OUT $ERR"
	[ "$1" != ADD ] || RESULT=$OUT
}
