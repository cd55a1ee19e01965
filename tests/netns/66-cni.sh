#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# rport-cni, called as the specification of CNI has it, with IPAM plugins of ours and of others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../vrfs.sh"

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

# --- the commands ----------------------------------------------------------------------------------------------------------------

test_version() {
	start_all
	cni VERSION
	assert_eq "$RC" 0 status
	assert_json "$OUT" '.cniVersion == "1.1.0" and (.supportedVersions | index("1.0.0") and index("1.1.0") and index("0.4.0"))'
	CNI_VERSION=0.2.0
	cni VERSION
	assert_json "$OUT" '.cniVersion == "0.2.0" and (.supportedVersions | index("0.2.0") | not)'
	run env CNI_COMMAND=VERSION "$PLUGIN" <<<'no JSON'
	assert_json "$OUT" '.cniVersion == "1.1.0"'
	run env -u CNI_COMMAND "$PLUGIN" </dev/null
	assert_eq "$RC$OUT" 0 'what a person gets who runs it'
	assert_match "$ERR" 'rport-cni *: a CNI plugin*' 'what a person gets who runs it'
}

test_add_and_del() {
	start_all
	add
	assert_json "$RESULT" '.cniVersion == "1.1.0" and (.interfaces | length) == 2 and
		.interfaces[0].sandbox == "/run/netns/'"$B"'" and .interfaces[0].name == "rport0" and
		.interfaces[1] == {name: "eth0", mac: "00:00:00:00:00:00", mtu: 32768, sandbox: "/run/netns/'"$A"'"} and
		.ips == [{address: "10.1.0.2/32", gateway: "10.1.0.1", interface: 1}] and
		.routes == [{dst: "0.0.0.0/0", priority: 50}] and .dns == {nameservers: ["10.1.0.1"]}' 'result of ADD'
	assert_match "$(links)" 'cni-deadbeef0123.eth0-????????????-????????????' 'the link'
	assert_eq "$(ip -n "$A" -j addr show dev eth0 | jq -c '[.[0].addr_info[] | select(.family == "inet") | [.local, .address, .prefixlen]]')" \
		'[["10.1.0.2","10.1.0.1",32]]' 'address in the container'
	assert_eq "$(ip -n "$A" route show | sed 's/ *$//' | sort)" "10.1.0.0/16 dev eth0 proto 114 scope link
10.1.0.1 dev eth0 proto kernel scope link src 10.1.0.2
default dev eth0 proto 114 scope link metric 50" 'routes in the container'
	assert_json "$(<"$TEST_TMP/ipam/config")" '.name == "cinet" and .domain != null' 'the IPAM plugin gets the whole configuration'
	ping_ok "$A" 10.1.0.1
	ping_ok "$B" 10.1.0.2
	ip -n "$B" addr add 192.0.2.1/32 dev lo
	ping_ok "$A" 192.0.2.1
	cni_ok DEL "$(with_result)"
	assert_eq "$OUT" '' 'output of DEL'
	nothing_left
	cni_ok DEL "$(with_result)"
	cni_ok DEL
}

test_older_versions() {
	start_all
	CNI_VERSION=0.4.0
	add
	assert_json "$RESULT" '.cniVersion == "0.4.0" and .ips[0].version == "4" and (.interfaces[1] | has("mtu") | not)'
	cni_ok CHECK "$(with_result)"
	cni_fails 1 'incompatible CNI versions: GC came with CNI 1.1.0*' GC
	cni_fails 1 'incompatible CNI versions: STATUS came with CNI 1.1.0*' STATUS
	cni_ok DEL "$(with_result)"
	CNI_VERSION=0.3.1
	cni_fails 1 'incompatible CNI versions: CHECK came with CNI 0.4.0*' CHECK
	for CNI_VERSION in 0.2.0 2.0.0; do
		cni_fails 1 "incompatible CNI versions: *cniVersion $CNI_VERSION*" ADD
	done
	nothing_left
}

# An interface is in the container already, be it ours or another one.
test_add_twice() {
	start_all
	add
	cni_fails 101 'the attachment exists already: *DEL removes it' ADD
	assert_eq "$(leases)" 1 'the lease of the first ADD'
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	ip -n "$A" link add eth0 type veth peer name eth9
	cni_fails 101 'cannot make the link: *eth0*' ADD
	cni_ok DEL
	ip -n "$A" link show dev eth0 >/dev/null || fail 'DEL removed an interface that is not its own'
	nothing_left
}

test_vrf() {
	[ -x "$PLUGIN" ] || skip could 'rport-cni was not built'
	ns_add A B
	two_vrfs
	start_rportd
	make_ipam
	add '{"domain": "vrf:vrf-a"}'
	assert_json "$RESULT" '.interfaces[0] == {name: "rport0", mtu: 32768, sandbox: ""}'
	ping_ok "$HOME_NS" 10.1.0.2 -I vrf-a
	ping_fails "$HOME_NS" 10.1.0.2
	ping_ok "$A" 10.1.0.1
	cni_ok CHECK "$(with_result | jq '. + {domain: "vrf:vrf-a"}')"
	INTERFACE=eth1 NETWORK=other
	echo '{"ips": [{"address": "10.2.0.3/24", "gateway": "10.2.0.1"}]}' >"$TEST_TMP/ipam/result"
	add '{"domain": "vrf:vrf-b", "fastPath": true, "mtu": 9000}'
	ping_ok "$HOME_NS" 10.2.0.3 -I vrf-b
	cni_ok DEL
	INTERFACE=eth0 NETWORK=cinet
	cni_ok DEL
	nothing_left
}

test_several_networks() {
	start_all
	ns_add C
	add
	INTERFACE=eth1 NETWORK=other
	cni_fails 2 'unsupported field in network configuration: "routes": null*' ADD '{"routes": null}'
	add '{"domain": "netns:'"$C"'", "mtu": 1400, "queues": 2, "fastPath": true, "ipam": {}}'
	assert_json "$RESULT" '.ips == [] and .interfaces[1].name == "eth1" and .interfaces[1].mtu == 1400'
	assert_json "$(rportctl -j show eth1)" '.mtu == 1400 and .queues == 2 and .fastpath'
	INTERFACE=eth2 NETWORK=cinet
	add
	assert_eq "$(links | wc -l)" 3 'links of a container'
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	INTERFACE=eth1 NETWORK=other
	cni_ok DEL '{"ipam": {}}'
	INTERFACE=eth0 NETWORK=cinet
	ping_ok "$A" 10.1.0.1
	cni_ok DEL
	nothing_left
}

# Runtimes keep namespaces wherever they like, or only as those of a process.
test_namespaces_elsewhere() {
	local pid
	start_all
	touch "$TEST_TMP/ns"
	trap 'umount -l "$TEST_TMP/ns" 2>/dev/null || true; end_test' EXIT
	mount --bind "/run/netns/$A" "$TEST_TMP/ns"
	ip netns del "$A"
	NETNS=$TEST_TMP/ns
	add
	assert_json "$RESULT" ".interfaces[1].sandbox == \"$NETNS\""
	ping_ok "$B" 10.1.0.2
	cni_ok CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	umount "$TEST_TMP/ns"
	unshare --net sleep 60 &
	pid=$!
	NETNS=/proc/$pid/ns/net
	eventually eval "[ \"\$(readlink $NETNS)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	add
	ping_ok "$B" 10.1.0.3
	cni_ok CHECK "$(with_result)"
	kill "$pid"
	wait "$pid" || true
	cni_ok DEL "$(with_result)"
	nothing_left
}

# Several containers of a network have one gateway, and reach each other by it.
test_containers_of_a_network() {
	local name
	start_all
	ns_add C
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	add
	name=$A A=$C CONTAINER=two
	add
	ping_ok "$name" 10.1.0.3
	ping_ok "$C" 10.1.0.2
	A=$name CONTAINER=deadbeef0123456789abcdef0123456789abcdef0123456789abcdef01234567
	cni_ok DEL
	# the address of the gateway stays as long as a container has it
	ping_ok "$C" 10.1.0.1
	A=$C CONTAINER=two
	cni_ok DEL
	nothing_left
}

test_ipv6() {
	start_all
	echo '{"ips": [{"address": "10.1.0.9/16"}, {"address": "fd00:1::9/64", "gateway": "fd00:1::1"}, {"address": "fd00:1::a/64", "gateway": "fd00:1::1"}],
		"routes": [{"dst": "::/0", "gw": "fd00:1::1"}, {"dst": "0.0.0.0/0"}]}' >"$TEST_TMP/ipam/result"
	add
	assert_json "$RESULT" '[.ips[].address] == ["10.1.0.9/32", "fd00:1::9/128", "fd00:1::a/128"] and .ips[1].gateway == "fd00:1::1"'
	ping_ok "$A" fd00:1::1
	ping_ok "$B" fd00:1::9
	ping_ok "$B" fd00:1::a
	ip -n "$B" addr add 192.0.2.1/32 dev lo
	ping_ok "$A" 192.0.2.1
	ping_ok "$B" 10.1.0.9 -I 192.0.2.1
	cni_ok CHECK "$(with_result)"
	cni_ok DEL
	nothing_left
}

# Called with the result of a plugin before it, the result has both.
test_not_the_first_of_a_chain() {
	start_all
	add '{"prevResult": {"cniVersion": "1.1.0", "interfaces": [{"name": "veth9"}, {"name": "net0", "sandbox": "/run/netns/x"}],
		"ips": [{"address": "192.0.2.9/24", "interface": 1}], "dns": {}}}'
	assert_json "$RESULT" '(.interfaces | length) == 4 and .interfaces[0].name == "veth9" and .interfaces[3].name == "eth0" and
		[.ips[].interface] == [1, 3]'
	cni_ok CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	nothing_left
}

# --- what is wrong with a request ------------------------------------------------------------------------------------------------

test_bad_requests() {
	local value
	start_all
	cni_fails 2 '*"ipMasq": true*nft*' ADD '{"ipMasq": true}'
	cni_fails 2 '*"domian": "x"; did you mean "domain"?' ADD '{"domian": "x"}'
	cni_fails 7 '*"mtu": mtu 100 is not possible*' ADD '{"mtu": 100}'
	cni_fails 7 '*"mtu": "big" is not a number*' ADD '{"mtu": "big"}'
	cni_fails 7 '*"fastPath": fastpath is not true or false*' ADD '{"fastPath": 1}'
	cni_fails 7 '*"domain" is not a text*' ADD '{"domain": 7}'
	cni_fails 7 '*"ipam" is not an object*' ADD '{"ipam": "host-local"}'
	cni_fails 7 '*"type" of "ipam"*' ADD '{"ipam": {"type": "../sh"}}'
	cni_fails 7 '*no nosuch in CNI_PATH*' ADD '{"ipam": {"type": "nosuch"}}'
	cni_fails 7 '*invalid domain "vrf:a/b"*' ADD '{"domain": "vrf:a/b"}'
	cni_fails 100 "*no namespace /run/netns/${B}x*" ADD '{"domain": "netns:'"$B"'x"}'
	cni_fails 7 '*"name" is missing' ADD '{"name": null}'
	cni_fails 7 '*"name" is not a valid name*' ADD '{"name": "a/b"}'
	cni_fails 7 '*"prevResult" is missing' CHECK
	cni_fails 7 '*"cni.dev/valid-attachments" is missing' GC
	cni_fails 7 '*number 1 of "cni.dev/valid-attachments"*' GC '{"cni.dev/valid-attachments": [{"containerID": "a", "ifname": "b"}, {}]}'
	cni_fails 4 '*CNI_COMMAND=HELP' HELP
	for value in '' -x 'a b' ../a "$(printf '%0300d' 0)"; do
		CONTAINER=$value
		cni_fails 4 '*CNI_CONTAINERID*' ADD
	done
	# what a message repeats may be no UTF-8, or be cut within a character
	CONTAINER=$'a\xff'
	cni_fails 4 '*CNI_CONTAINERID=a\\xff' ADD
	CONTAINER=x
	cni_fails 2 '*"xä*' ADD "$(jq -n '{("x" + "ä" * 64): 1}')"
	for value in '' a/b 0123456789abcdef .. ; do
		INTERFACE=$value
		cni_fails 4 '*CNI_IFNAME*' DEL
	done
	INTERFACE=eth0
	echo '{' >"$TEST_TMP/config"
	cni_call ADD "$PLUGIN" "$TEST_TMP/config"
	assert_json "$OUT" '.code == 6'
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$TEST_TMP/config"
	cni_call ADD "$PLUGIN" "$TEST_TMP/config"
	assert_json "$OUT" '.code == 5'
	run env CNI_COMMAND=ADD CNI_CONTAINERID=x CNI_IFNAME=eth0 CNI_NETNS=/proc/self/ns/net "$PLUGIN" < <(cni_config '{}')
	assert_json "$OUT" '.code == 4' 'a container without a namespace of its own'
	A+=x
	cni_fails 3 "*CNI_NETNS=/run/netns/$A: No such file*" ADD
	nothing_left
}

# --- failures in the middle ------------------------------------------------------------------------------------------------------

test_ipam_fails() {
	start_all
	echo '{"cniVersion": "1.0.0", "code": 11, "msg": "no address left", "details": "all are in use"}' >"$TEST_TMP/ipam/fail.ADD"
	cni_fails 11 'no address left: all are in use' ADD
	assert_eq "$(cut -d ' ' -f 1 "$TEST_TMP/ipam/log" | xargs)" 'ADD DEL' 'calls of the IPAM plugin'
	for result in 'no JSON' '{"code": 4294967296, "msg": "x"}' '{"code": 0, "msg": "x"}' '{"code": 5}'; do
		echo "$result" >"$TEST_TMP/ipam/fail.ADD"
		cni_fails 103 '*fake-ipam ended with status 1' ADD
	done
	rm "$TEST_TMP/ipam/fail.ADD"
	nothing_left
	# results of no use
	for result in 'no JSON' '[]' '{}' '{"ips": []}' '{"ips": [{"address": "10.1.0.300/16"}]}' '{"ips": [{"address": "10.1.0.2/16", "gateway": "x"}]}' \
		'{"ips": [{"address": "10.1.0.2/16", "gateway": "fd00::1"}]}' '{"ips": [{"address": "10.1.0.2/16"}], "routes": [{}]}' \
		'{"ips": [{"address": "10.1.0.2/16"}], "routes": [{"dst": "10.0.0.0/8", "table": 7}]}' \
		"{\"ips\": [$(for ((i = 1; i < 40; i++)); do printf '{"address": "10.1.0.%d/16"},' "$i"; done)null]}"; do
		echo "$result" >"$TEST_TMP/ipam/result"
		cni ADD
		assert_json "$OUT" '.code | IN(2, 6, 103)' "error of $result"
		nothing_left
	done
}

test_link_fails() {
	start_all
	cni_fails 100 '*no namespace*' ADD '{"domain": "netns:nosuch"}'
	assert_eq "$(cut -d ' ' -f 1 "$TEST_TMP/ipam/log" | xargs)" 'ADD DEL' 'calls of the IPAM plugin'
	nothing_left
	# nobody reads the result
	cni_config '{}' >"$TEST_TMP/config"
	prepare_call ADD "$PLUGIN"
	run write_to_full_disk "${CALL[@]}" <"$TEST_TMP/config"
	assert_eq "$RC" 1 'status of an ADD whose result cannot be written'
	nothing_left
	prepare_call ADD "$PLUGIN"
	run write_to_closed_pipe "${CALL[@]}" <"$TEST_TMP/config"
	assert_eq "$RC" 1 'status of an ADD whose result nobody reads'
	nothing_left
}

write_to_full_disk() {
	"$@" >/dev/full
}

write_to_closed_pipe() {
	local pipe
	exec {pipe}> >(exec true)
	wait $!
	"$@" >&"$pipe"
}

# Killed wherever it is, DEL removes what there is.
test_plugin_is_killed() {
	local pid i
	start_all
	touch "$TEST_TMP/ipam/slow.ADD"
	cni_config '{}' >"$TEST_TMP/config"
	prepare_call ADD "$PLUGIN"
	"${CALL[@]}" <"$TEST_TMP/config" &
	pid=$!
	eventually grep -q ADD "$TEST_TMP/ipam/log"
	kill -KILL "$pid"
	wait "$pid" || true
	cni_ok DEL
	# the other plugin goes on, and so gives out an address that the next DEL takes back
	rm "$TEST_TMP/ipam/slow.ADD"
	eventually no_ipam_left
	cni_ok DEL
	nothing_left
	for i in {1..20}; do
		prepare_call ADD "$PLUGIN"
		"${CALL[@]}" <"$TEST_TMP/config" >/dev/null &
		pid=$!
		sleep "0.0$((i * 4 % 97 + 10))"
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" || true
		# what it had asked rportd for is done, or not begun, by the next call
		cni_ok DEL
		assert_eq "$(links)" '' 'links left behind'
	done
	eventually no_ipam_left
	cni_ok DEL
	nothing_left
}

no_ipam_left() {
	! pgrep -f "$TEST_TMP/plugins/fake-ipam"
}

# --- CHECK -----------------------------------------------------------------------------------------------------------------------

check_fails() {
	eventually check_differs
	cni_fails 102 "$1" CHECK "$(with_result)"
	assert_match "$(jq -r .msg <<<"$OUT")" 'the attachment is not as it was made' message
}

check_differs() {
	cni CHECK "$(with_result)"
	[ "$RC" != 0 ]
}

test_check() {
	start_all
	add
	cni_ok CHECK "$(with_result)"
	assert_eq "$OUT" '' 'output of CHECK'
	# what another plugin of the chain may do
	ip -n "$A" link set eth0 mtu 1500
	ip -n "$A" route del 10.1.0.0/16
	eventually eval "rportctl -j show eth0 | jq -e '.b.drift | length == 2'"
	cni_ok CHECK "$(with_result)"
	# and what it may not
	ip -n "$A" route del default
	check_fails '*the route 0.0.0.0/0 metric 50 is missing*'
	succeeds rportctl reconcile eth0
	cni_ok CHECK "$(with_result)"
	ip -n "$A" addr del 10.1.0.2/32 peer 10.1.0.1/32 dev eth0
	check_fails '*the address 10.1.0.2* is missing*'
	succeeds rportctl reconcile eth0
	ip -n "$B" link set rport0 down
	check_fails '*link cni-deadbeef0123.eth0-*'
	succeeds rportctl reconcile eth0
	cni_ok CHECK "$(with_result)"
	RESULT=$(jq '.ips[0].address = "10.1.0.77/32"' <<<"$RESULT")
	check_fails '*the address 10.1.0.77/32 is missing*'
	echo '{"code": 103, "msg": "lease lost"}' >"$TEST_TMP/ipam/fail.CHECK"
	cni_fails 103 'lease lost:*' CHECK "$(with_result)"
	rm "$TEST_TMP/ipam/fail.CHECK"
	cni_fails 7 '*prevResult has no interface*' CHECK '{"prevResult": {}}'
	cni_ok DEL
	cni_fails 102 '*there is no link*' CHECK "$(with_result)"
}

# --- GC and STATUS ---------------------------------------------------------------------------------------------------------------

# attachments CONTAINER/INTERFACE...: those that are valid
attachments() {
	jq -n '{"cni.dev/valid-attachments": ($ARGS.positional | map(split("/") | {containerID: .[0], ifname: .[1]}))}' --args "$@"
}

test_gc() {
	start_all
	succeeds rportctl pair "$A" "$B" --name cni-mine --a-name other0
	for INTERFACE in eth0 eth1 eth2; do
		add
	done
	NETWORK=other INTERFACE=net0
	add
	NETWORK=cinet
	cni_ok GC "$(attachments "$CONTAINER/eth1" elsewhere/eth0)"
	assert_eq "$OUT" '' 'output of GC'
	assert_match "$(links | xargs)" 'cni-deadbeef0123.eth1-* cni-deadbeef0123.net0-* cni-mine' 'links that stay'
	assert_eq "$(tail -n 1 "$TEST_TMP/ipam/log" | cut -d ' ' -f 1)" GC 'the IPAM plugin is told'
	# all is done, whatever fails
	echo '{"code": 5, "msg": "disk full"}' >"$TEST_TMP/ipam/fail.GC"
	cni_fails 5 'disk full:*' GC "$(attachments)"
	assert_match "$(links | xargs)" 'cni-deadbeef0123.net0-* cni-mine' 'links that stay'
	rm "$TEST_TMP/ipam/fail.GC"
	# libcni writes a list without attachments so
	INTERFACE=eth1
	add
	cni_ok GC '{"cni.dev/valid-attachments": null}'
	assert_match "$(links | xargs)" 'cni-deadbeef0123.net0-* cni-mine' 'links that stay'
}

# The container is gone without a DEL: the link waits for that, or for GC.
test_container_is_gone() {
	start_all
	add
	ip netns del "$A"
	eventually eval "[ \"\$(rportctl -j list | jq -r '.[0].state')\" = pending ]"
	assert_match "$(rportctl list 'cni-*' --state pending)" '*cni-deadbeef0123.eth0-*' 'how to find it'
	cni_fails 102 '*it is pending: *' CHECK "$(with_result)"
	cni_ok DEL "$(with_result)"
	nothing_left
	ns_create "$A"
	add
	ip netns del "$A"
	cni_ok GC "$(attachments)"
	assert_eq "$(links)" '' 'links left behind'
	# CNI_NETNS may be missing
	ns_create "$A"
	add
	prepare_call DEL "$PLUGIN"
	run env -u CNI_NETNS "${CALL[@]/CNI_NETNS=*/OTHER=x}" <"$TEST_TMP/config"
	assert_eq "$RC" 0 'DEL without CNI_NETNS'
	assert_eq "$(links)" '' 'links left behind'
}

test_status() {
	start_all
	cni_ok STATUS
	assert_eq "$OUT" '' 'output of STATUS'
	echo '{"code": 50, "msg": "no address left"}' >"$TEST_TMP/ipam/fail.STATUS"
	cni_fails 50 'no address left:*' STATUS
	rm "$TEST_TMP/ipam/fail.STATUS"
	stop_rportd
	cni_fails 50 'rportd does not answer: *' STATUS
}

# --- without rportd --------------------------------------------------------------------------------------------------------------

test_without_rportd() {
	start_all
	add
	kill -KILL "$RPORTD_PID"
	rportd_wait || true
	cni_fails 11 'cannot remove the link: *' DEL
	assert_eq "$(leases)" 0 'leases: DEL does what it can'
	cni_fails 11 '*' CHECK "$(with_result)"
	cni_fails 11 'cannot make the link: *' ADD
	assert_eq "$(leases)" 0 'leases of a failed ADD'
	cni_fails 11 'cannot list the links: *' GC "$(attachments)"
	start_rportd
	cni_ok DEL
	nothing_left
}

# Killed under a supervisor, rportd takes its links over, and they are found again.
test_rportd_is_killed() {
	[ -x "$PLUGIN" ] || skip could 'rport-cni was not built'
	ns_add A B
	start_kept_rportd
	make_ipam
	add
	kill_rportd
	ping_ok "$A" 10.1.0.1
	cni_ok CHECK "$(with_result)"
	cni_fails 101 'the attachment exists already: *' ADD
	kill_rportd
	cni_ok DEL "$(with_result)"
	nothing_left
}

# In the middle of calls: each has an answer, and what is left is removed by those that follow.
test_rportd_is_killed_meanwhile() {
	local i pid
	[ -x "$PLUGIN" ] || skip could 'rport-cni was not built'
	ns_add A B
	start_kept_rportd
	make_ipam
	cni_config '{}' >"$TEST_TMP/config"
	for i in {1..8}; do
		prepare_call ADD "$PLUGIN"
		"${CALL[@]}" <"$TEST_TMP/config" >"$TEST_TMP/answer" &
		pid=$!
		sleep "0.0$((i * 4))"
		kill_rportd
		wait "$pid" || assert_json "$(<"$TEST_TMP/answer")" '.code' 'an answer that says why'
		eventually del_succeeds
		nothing_left
	done
}

del_succeeds() {
	cni DEL
	[ "$RC" = 0 ]
}

# --- many at once ----------------------------------------------------------------------------------------------------------------

test_many_at_once() {
	local i pids=()
	start_all
	cni_config '{}' >"$TEST_TMP/config"
	for i in {1..20}; do
		ns_create "${TEST_PREFIX}c$i"
	done
	for i in {1..20}; do
		A=${TEST_PREFIX}c$i CONTAINER=container$i
		prepare_call ADD "$PLUGIN"
		"${CALL[@]}" <"$TEST_TMP/config" >"$TEST_TMP/result.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || fail 'an ADD of many failed'
	done
	assert_eq "$(links | wc -l) $(leases)" '20 20' 'links and leases'
	for i in {1..20}; do
		ping_ok "${TEST_PREFIX}c$i" 10.1.0.1
		ping_ok "$B" "$(jq -r '.ips[0].address | rtrimstr("/32")' "$TEST_TMP/result.$i")"
	done
	cni_ok GC "$(attachments)"
	assert_eq "$(links)" '' 'links left behind'
}

# --- with plugins of others ------------------------------------------------------------------------------------------------------

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

# call_other COMMAND NAME KEYS: another plugin of the chain; it gets the result so far, and RESULT is what it gives
call_other() {
	jq -n --arg version "$CNI_VERSION" --arg name "$NETWORK" --arg type "$2" --argjson keys "$3" --argjson result "$RESULT" \
		'{cniVersion: $version, name: $name, type: $type, prevResult: $result} + $keys' >"$TEST_TMP/other"
	cni_call "$1" "$DEBIAN_CNI/$2" "$TEST_TMP/other"
	[ "$RC" = 0 ] || fail "$1 of $2: status $RC: $OUT $ERR"
	[ "$1" != ADD ] || RESULT=$OUT
}

test_host_local_and_tuning() {
	local keys tuning='{"sysctl": {"net.ipv4.conf.eth0.log_martians": "1"}, "mtu": 1500}'
	needs_plugin host-local tuning
	CNI_VERSION=1.0.0
	start_all
	keys=$(host_local)
	add "$keys"
	call_other ADD tuning "$tuning"
	assert_json "$RESULT" '[.ips[].address] == ["10.2.0.2/32", "fd00:2::2/128"]'
	assert_eq "$(ip -n "$A" -j link show dev eth0 | jq '.[0].mtu')" 1500 'MTU as the second plugin has set it'
	ping_ok "$A" 10.2.0.1
	ping_ok "$A" fd00:2::1
	ping_ok "$B" 10.2.0.2
	keys=$(jq --argjson result "$RESULT" '. + {prevResult: $result}' <<<"$keys")
	eventually eval "rportctl -j show eth0 | jq -e '.b.drift | length > 0'"
	cni_ok CHECK "$keys"
	call_other CHECK tuning "$tuning"
	call_other DEL tuning "$tuning"
	cni_ok DEL "$keys"
	cni_ok DEL "$keys"
	assert_eq "$(find "$TEST_TMP/leases" -type f ! -name lock ! -name 'last_*')" '' 'leases that are left'
	nothing_left
}

# Ports of the container are reached at addresses of the domain: iptables, by the plugin that comes second.
test_portmap() {
	local keys ports='{"snat": true, "runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}}'
	needs_plugin host-local portmap
	start_all
	in_ns "$HOME_NS" iptables -t nat -L -n >/dev/null 2>&1 || skip cannot 'iptables does not work here'
	CNI_VERSION=1.0.0
	keys=$(host_local | jq '.domain = "default"')
	add "$keys"
	assert_json "$RESULT" '.interfaces[0] == {name: "rport0", sandbox: ""}'
	call_other ADD portmap "$ports"
	in_ns "$HOME_NS" sysctl -qw net.ipv4.ip_forward=1
	# a neighbour of the machine
	ip -n "$HOME_NS" link add up0 type veth peer name up0 netns "$B"
	ip -n "$HOME_NS" addr add 192.0.2.1/24 dev up0
	ip -n "$B" addr add 192.0.2.2/24 dev up0
	ip -n "$HOME_NS" link set up0 up
	ip -n "$B" link set up0 up
	in_ns "$A" socat -u TCP-LISTEN:80,reuseaddr "OPEN:$TEST_TMP/arrived,creat" &
	eventually eval "in_ns $A ss -ltn | grep -q :80"
	echo hello | in_ns "$B" socat -u - TCP:192.0.2.1:8080,connect-timeout=5
	eventually grep -q hello "$TEST_TMP/arrived"
	# not CHECK: that of version 1.1 looks for the rules of IPv4 among those of IPv6
	call_other DEL portmap "$ports"
	cni_ok DEL "$keys"
	nothing_left
}

# outcomes PROGRAM KEYS: statuses of a sequence of calls
outcomes() {
	local command keys=$2
	CNI_VERSION=1.0.0
	for command in ADD ADD DEL ADD CHECK DEL DEL; do
		cni_config "$keys" | jq --arg type "${1##*/}" '.type = $type | if $type == "ptp" then del(.domain) else . end' >"$TEST_TMP/config"
		cni_call "$command" "$1" "$TEST_TMP/config"
		[ "$command $RC" != 'ADD 0' ] || keys=$(jq --argjson result "$OUT" '. + {prevResult: $result}' <<<"$keys")
		[ "$command" != DEL ] || keys=$2
		echo "$command $RC"
	done | grep -v '^run: '
}

test_as_ptp() {
	local ours
	needs_plugin host-local ptp
	start_all
	ours=$(outcomes "$PLUGIN" "$(host_local)" | grep -E '^[A-Z]+ [01]$')
	echo "$ours"
	assert_eq "$(outcomes "$DEBIAN_CNI/ptp" "$(host_local)" | grep -E '^[A-Z]+ [01]$')" "$ours" 'what ptp does'
	nothing_left
}

run_tests "$@"
