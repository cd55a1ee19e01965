#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain
# rport-cni: requests that are wrong, and failures of IPAM plugins, of rportd and of the plugin itself.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../keeper.sh"
. "$(dirname "$0")/../cni.sh"

# --- what is wrong with a request -------------------------------------------------------------------------------------------------

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

# --- failures in the middle -------------------------------------------------------------------------------------------------------

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

# --- without rportd ---------------------------------------------------------------------------------------------------------------

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

run_tests "$@"
