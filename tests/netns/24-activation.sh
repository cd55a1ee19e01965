#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# A service that is stopped, but whose socket systemd listens on, is not started by who only looks.
. "$(dirname "$0")/../lib.sh"

# in_its_run COMMAND...: with a /run of its own, in which somebody listens where rportd does, and with a systemctl that says
# that the service is in the state STATE, and its socket in SOCKET_STATE
in_its_run() {
	mkdir -p bin
	cat >bin/systemctl <<-END
		#!/bin/sh
		echo "\$*" >>"$TEST_TMP/asked"
		case \$* in
		*rportd.socket*) echo "${SOCKET_STATE:-}" ;;
		*) echo "$STATE" ;;
		esac
	END
	chmod +x bin/systemctl
	# shellcheck disable=SC2016 # for the inner shell
	PATH=$TEST_TMP/bin:$PATH unshare --mount --propagation private bash -c '
		mount -t tmpfs run /run
		mkdir -p /run/systemd/system /run/rportd
		[ ! -e "$0/lock" ] || : >/run/rportd/org.rportd.Manager.lock
		socat UNIX-LISTEN:/run/rportd/org.rportd.Manager,fork SYSTEM:"echo connected >>$0/connected" 2>/dev/null &
		for _ in {1..500}; do [ ! -S /run/rportd/org.rportd.Manager ] || break; sleep 0.01; done
		status=0
		timeout 10 "$@" || status=$?
		sleep 0.1
		kill $!
		exit $status' "$TEST_TMP" "$@"
}

# connects STATUS COMMAND...: the socket is used
connects() {
	rm -f connected
	run in_its_run "$RPORTCTL" "${@:2}"
	assert_eq "$RC" "$1" "exit status of '${*:2}'"
	[ -s connected ] || fail "'${*:2}' has not connected"
}

# does_not COMMAND...: it is not, and it is said why
does_not() {
	rm -f connected
	run in_its_run "$RPORTCTL" "$@"
	[ ! -e connected ] || fail "'$*' has connected"
}

test_stopped() {
	local command
	# the last is of a bus that does not answer
	for STATE in inactive failed ''; do
		for command in list ports show 'show ab' 'exists ab' 'export ab' status monitor version 'wait ab'; do
			# shellcheck disable=SC2086 # words
			does_not $command
			assert_eq "$RC" 4 "exit status of $command"
			assert_match "$ERR" '*rportd is stopped*systemctl start rportd*' "message of $command"
		done
		does_not complete -- show ''
		assert_eq "$RC$OUT$ERR" 0 'completion'
		# who changes something means it
		connects 4 unpair ab
		connects 4 pair red blue
	done
}

# a restart is no stop: who calls meanwhile, waits
test_on_its_way() {
	for STATE in activating deactivating active reloading; do
		connects 4 list
	done
}

test_running() {
	STATE=inactive
	touch lock
	connects 4 list
	[ ! -e asked ] || fail 'systemctl was asked in vain'
}

# STATUS of CNI asks whether ADD can be served: it can, where it starts the service. STATUS itself does not start it.
test_cni_status() {
	local plugin=$BUILD_DIR/plugins/rport-cni code pid
	[ -x "$plugin" ] || skip could 'rport-cni was not built'
	while read -r STATE SOCKET_STATE code; do
		run in_its_run env CNI_COMMAND=STATUS "$plugin" < <(jq -n '{cniVersion: "1.1.0", name: "red", type: "rport-cni"}')
		assert_eq "$(jq -r .code <<<"${OUT:-{\}}")" "$code" "code of STATUS with the service $STATE, its socket $SOCKET_STATE"
		[ ! -e connected ] || fail "STATUS with the service $STATE has connected"
	done <<-END
		inactive active null
		inactive inactive 50
		failed active 50
	END
	STATE=active
	run in_its_run env CNI_COMMAND=STATUS "$plugin" < <(jq -n '{cniVersion: "1.1.0", name: "red", type: "rport-cni"}')
	[ -s connected ] || fail 'STATUS has not asked a service that runs'
	rm connected
	STATE=inactive
	ns_add A
	nsenter --net=/run/netns/"$A" sleep 60 &
	pid=$!
	eventually [ "/proc/$pid/ns/net" -ef "/run/netns/$A" ]
	run in_its_run env CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS="/proc/$pid/ns/net" CNI_PATH=/none "$plugin" \
		< <(jq -n '{cniVersion: "1.1.0", name: "red", type: "rport-cni"}')
	kill "$pid"
	[ -s connected ] || fail "ADD has not started a stopped service: $OUT"
}

run_tests "$@"
