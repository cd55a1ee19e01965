#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: plain
# What every user may call makes no system call in, or about, a namespace, and does not tell what is there.
. "$(dirname "$0")/../lib.sh"

# What every user may call, and with which parameters; NAME stands for each of the names below. A method that is not here must
# refuse a user who may not change anything.
declare -A OPEN_METHODS=(
	[List]='{}'
	[ListPorts]='{}'
	[Monitor]='{}'
	[Show]='{"name":"NAME"}'
	[Export]='{"name":"NAME"}'
	[GetParent]='{"port":"NAME"}'
	[Status]='{}'
	[Check]='{"name":"NAME"}'
)
# Check looks at the link that it is about: for all names that stand for none, it does as little as the others
declare -A LINK_NAMES=()

# describe_methods: the names of all methods, as the daemon describes them
describe_methods() {
	varlink '{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.rportd.Manager"}}' |
		jq -r .parameters.description | sed -n 's/^method \([A-Za-z]*\)(.*/\1/p'
}

# call_as_nobody METHOD PARAMETERS: the first reply
call_as_nobody() {
	local reply=
	read -r -d '' reply < <(send_as_nobody "$@") || true
	echo "$reply"
}

send_as_nobody() {
	printf '{"method":"org.rportd.Manager.%s","parameters":%s,"more":%s}\0' "$1" "$2" \
		"$([ "$1" = Monitor ] && echo true || echo false)" |
		setpriv --reuid=65534 --regid=65534 --clear-groups -- "$TRAFFIC" unix-send --timeout 5000 "$SOCKET"
}

# A namespace of another user, with an interface, that has no name: STRANGER is a process in it
start_stranger() {
	setpriv --reuid=1234 --regid=1234 --clear-groups unshare -Urn sleep 300 &
	STRANGER=$!
	eventually stranger_has_namespace
	nsenter -t "$STRANGER" -n ip link add hidden0 type veth peer name hidden1
}

stranger_has_namespace() {
	[ "$(readlink "/proc/$STRANGER/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(cat "/proc/$STRANGER/comm")" = sleep ]
}

# start_trace: what rportd and rportd-net do with files, processes, sockets, namespaces and devices goes to the file "trace"
start_trace() {
	local pid
	pid=$(net_pid)
	strace -f -yy -A -o trace -e trace=%file,%process,%network,ioctl,setns,unshare -p "$RPORTD_PID" -p "$pid" 2>strace.err &
	eventually grep -q attached strace.err
	eventually trace_at_rest
}

# trace_at_rest, as a condition: what was begun before, such as a drift check, is over
trace_at_rest() {
	local before
	before=$(traced | wc -c)
	sleep 0.3
	[ "$(traced | wc -c)" = "$before" ]
}

# traced: all that was not done with the sockets of clients, nor to hear of names and interfaces that other tests make, nor to log who they are
traced() {
	grep -v -e '<UNIX' -e 'resumed>' -e 'recvmsg([0-9]*<NETLINK' -e '"/proc/[0-9]*/comm"' -e 'inotify_add_watch(.*, "/run\(/netns\)\?", ' trace || true
}

# call_all_as_nobody NAME...: each open method, with each of the names where it takes one; a method that is not open is refused
call_all_as_nobody() {
	local method name parameters reply
	for method in $(describe_methods); do
		if [ -z "${OPEN_METHODS[$method]-}" ]; then
			reply=$(call_as_nobody "$method" '{}')
			assert_json "$reply" '.error == "org.varlink.service.PermissionDenied"' "$method, which is not in this test"
			continue
		fi
		for name; do
			[ "$method" != Check ] || [ -z "$name" ] || [ -z "${LINK_NAMES[$name]-}" ] || continue
			parameters=${OPEN_METHODS[$method]//NAME/$name}
			reply=$(call_as_nobody "$method" "$parameters")
			assert_json "$reply" .parameters "$method $parameters"
			[ "$parameters" != "${OPEN_METHODS[$method]}" ] || break
		done
	done
}

test_reading_acts_in_no_namespace() {
	local names reply try=0
	ns_add HOME_NS A B
	OWN_MOUNTS=1 start_rportd
	pair_numbered
	ip -n "$A" link add secret0 type veth peer name secret1
	start_stranger
	names=(pid:1/lo "pid:$STRANGER/hidden0" "pid:$STRANGER/nosuch" pid:2147483647/lo pid:0/lo
		"netns:$A/secret0" "netns:$A/nosuch" "netns:$A/lo" "netns:$A/rport0" netns:x/y "$A/secret0" "$A/nosuch" "$A"
		lo nosuch ab default default/lo vrf:red/rport0 netns:../x '/' '')
	LINK_NAMES=([ab]=1 ["netns:$A/rport0"]=1)
	reply=$(call_as_nobody Check '{"name":"ab","probe":true}')
	assert_json "$reply" '.error == "org.varlink.service.PermissionDenied"' "a probe, for nobody"
	start_trace
	# What the calls cause is there each time, what rportd does of itself (a late event, a check) is not.
	until : >trace && call_all_as_nobody "${names[@]}" && [ -z "$(traced)" ]; do
		[ $((++try)) -lt 3 ] || fail "system calls that everybody can have rportd make: $(traced)"
		eventually trace_at_rest
	done

	# the trace sees it when root asks
	succeeds varlink '{"method":"org.rportd.Manager.Show","parameters":{"name":"ab"}}'
	eventually grep -q NETLINK trace
	kill "$STRANGER"
}

test_reading_is_no_oracle() {
	local there absent
	ns_add HOME_NS A B
	OWN_MOUNTS=1 start_rportd
	pair_numbered
	ip -n "$A" link add secret0 type veth peer name secret1
	start_stranger
	for there in "netns:$A/secret0" "pid:$STRANGER/hidden0" "$A/lo" pid:1/lo; do
		absent=${there%/*}/nosuch
		assert_eq "$(call_as_nobody GetParent "{\"port\":\"$there\"}")" \
			"$(call_as_nobody GetParent "{\"port\":\"$absent\"}" | sed "s,$absent,$there,")" \
			"what nobody is told of $there"
	done
	assert_eq "$(call_as_nobody GetParent '{"port":"lo"}' | jq -r .error)" org.rportd.Manager.PortNotFound 'lo, for nobody'
	refused 2 "*the interface netns:$A/secret0 is not a port of rportd's*" rportctl parent "netns:$A/secret0" rport0
	kill "$STRANGER"
}

# Check looks into the namespaces of a link, for everybody, and tells of its packets: not through which interfaces of others they
# go, nor what else there is.
test_check_tells_of_the_link_alone() {
	local reply
	ns_add HOME_NS A B
	OWN_MOUNTS=1 start_rportd
	succeeds rportctl pair "$A" "$B" --name ab --addresses 192.168.0.0,192.168.0.1 --a-route 10.88.0.0/16
	# what packets of the link go through
	ip -n "$B" link add hidden-out mtu 1400 type veth peer name hidden-end
	ip -n "$B" addr add 10.88.7.7/16 dev hidden-out
	ip -n "$B" link set hidden-out up
	ip -n "$B" link set hidden-end up
	ip -n "$A" link add hidden-way type veth peer name hidden-end
	ip -n "$A" link set hidden-way up
	ip -n "$A" route replace 192.168.0.1 dev hidden-way metric 0
	in_ns "$B" sysctl -qw net.ipv4.ip_forward=1
	# and what they do not
	ip -n "$A" link add secret0 type veth peer name secret1
	ip -n "$A" addr add 172.31.9.9/24 dev secret0
	ip -n "$A" link set secret0 up
	reply=$(call_as_nobody Check '{"name":"ab"}')
	assert_json "$reply" '.parameters.findings | map(.id) | contains(["another-way", "mtu-onward"])' "what nobody is told: $reply"
	assert_json "$reply" '.parameters.probes == []'
	assert_no_match "$reply" '*hidden*' "interfaces of others"
	assert_no_match "$reply" '*secret*' "interfaces that are not on the way"
	assert_no_match "$reply" '*172.31.*' "addresses that are not on the way"
	assert_no_match "$reply" '*10.88.7.7*' "addresses of others"
	# root is told
	reply=$(varlink '{"method":"org.rportd.Manager.Check","parameters":{"name":"ab"}}')
	assert_match "$reply" '*through hidden-way*through hidden-out*' "what root is told"
}

# What the daemon knows is up to date, also for those for whom it does not ask the kernel.
test_nobody_sees_changes() {
	ns_add HOME_NS A B
	OWN_MOUNTS=1 start_rportd
	pair_numbered
	ip -n "$A" link set rport0 down
	eventually nobody_sees .link.a.state down
	ip -n "$A" link set rport0 up mtu 9000
	eventually nobody_sees .link.a.state up
	eventually nobody_sees .link.a.mtu 9000
	eventually nobody_sees '.link.a.drift[0]' 'mtu is 9000, not 32768'
	ip -n "$B" address del fd00:ab::b dev rport0
	eventually nobody_sees '.link.b.drift[0]' 'the address fd00:ab::b/128 is missing'
	ip -n "$B" link del rport0
	eventually nobody_sees .link.b.losses 1
	eventually nobody_sees .link.b.state up
}

# nobody_sees FILTER VALUE, as a condition
nobody_sees() {
	[ "$(call_as_nobody Show '{"name":"ab"}' | jq -r ".parameters | $1")" = "$2" ]
}

run_tests "$@"
