#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan plain alone
#
# The root of a container and three users do all they can at once, for HOSTILE_SECONDS, and an entry of /run/netns does not
# answer: meanwhile another link loses no packet, root is answered, and afterwards nothing is left of it. SEED=N repeats an
# order (what it meets differs, since time does).
TEST_SECONDS=$((${HOSTILE_SECONDS:-30} * 8 + 180))
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../hung.sh"
. "$(dirname "$0")/../bystander.sh"

SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
HOSTILE_SECONDS=${HOSTILE_SECONDS:-30}
TOOLS=$BUILD_DIR/tests/tools
ANSWER_MS=100
USERS=(4001 4002 4003)
N_LINKS=6                        # of the container; every second one has two queues
ROUTES=${HOSTILE_ROUTES:-2000} # of each family that the container has
PACKETS=1000                     # of each flood
ROUNDS=4                         # of attacks, until root was answered in time in one: the machine may be busy with something else

# --- the attackers ---------------------------------------------------------------------------------------------------

# container_commands: lines for ip -batch, in the container: by chance, for HOSTILE_SECONDS. Names that were changed are changed
# back, and a port is deleted every other second, so that there is something to attack.
container_commands() {
	local i n other port started=$SECONDS deleted=$SECONDS words=($'\x01\x1b[2J' $'\xff\xfe"$(x)')
	RANDOM=$SEED
	for ((i = 0; SECONDS - started < HOSTILE_SECONDS; i++)); do
		((i % 50)) || sleep 0.01
		n=$((RANDOM % 200))
		other=$((RANDOM % N_LINKS))
		port=rport$((RANDOM % N_LINKS))
		case $((RANDOM % 16)) in
		0 | 1) echo "address add 10.77.$((n % 8)).$n/32 dev $port" ;;
		2 | 3) echo "address del 10.77.$((n % 8)).$n/32 dev $port" ;;
		4) echo "address flush dev $port" ;;
		5) echo "link set $port down" ;;
		6 | 7) echo "link set $port up" ;;
		8) echo "link set $port mtu $((68 + RANDOM))" ;;
		9) echo "link set $port name ${words[n % 2]}$other" ;;
		10 | 11) echo "link set ${words[n % 2]}$other name $port" ;;
		12) echo "link add rport$((n + N_LINKS)) type veth peer name vp$n" ;;
		13) echo "link del rport$((n + N_LINKS))" ;;
		14) echo "route add 10.$((RANDOM % 256)).$n.0/24 dev $port proto 114" ;;
		15) [ $((SECONDS - deleted)) -lt 2 ] || { deleted=$SECONDS && echo "link del $port"; } ;;
		esac
	done
}

# meddle: the container's root, with all that ip(8) changes
meddle() {
	container_commands | ip -n "$A" -force -batch - >/dev/null 2>&1 || true
}

# at_intervals COMMAND...: again and again for HOSTILE_SECONDS, with a pause, for rportd is attacked, not the processor
at_intervals() {
	local done=0 started=$SECONDS
	RANDOM=$SEED
	while [ $((SECONDS - started)) -lt "$HOSTILE_SECONDS" ]; do
		"$@" >/dev/null 2>&1 && done=$((done + 1)) # the others are in the way of some
		sleep 0.1
	done
	echo "done=$done"
}

# intrude: the container's root opens an interface with two queues, and changes it; one with a single queue cannot be opened
intrude() {
	local changes=(open header send-buffer persist owner)
	local port=rport$((RANDOM % N_LINKS))
	ip -n "$A" link show dev "$port" && # else it would be made
		in_ns "$A" "$TRAFFIC" queue --idle $((RANDOM % 300)) --size $((RANDOM % 65)) "$port" "${changes[RANDOM % 5]}"
}

# flood: packets into a port, well-formed and not
flood() {
	local packet=4500001c000100004011000001020304c0a80001000700070008 port=rport$((RANDOM % N_LINKS))
	((RANDOM % 3)) || packet=$(printf '%04x%04x%04x%04x' "$RANDOM" "$RANDOM" "$RANDOM" "$RANDOM")
	in_ns "$A" "$TRAFFIC" frame --ignore-errors --count "$PACKETS" "$port" 0800 "$packet"
}

# flap: addresses come and go as fast as the kernel takes them, which walks the IPv6 routes for each that goes
flap() {
	local status=0
	in_ns "$A" timeout 0.2 "$TOOLS/netload" flap "rport$((RANDOM % N_LINKS))" 10 || status=$?
	[ "$status" = 124 ]
}

# keep_routes: the container has an interface of its own, with many of them
keep_routes() {
	ip -n "$A" link add v0 type veth peer name v1
	ip -n "$A" link set v0 up
	ip -n "$A" link set v1 up
	in_ns "$A" "$TOOLS/netload" routes4 v0 "$ROUTES"
	in_ns "$A" "$TOOLS/netload" routes6 v0 "$ROUTES"
}

# hang_entry: /run/netns has an entry that does not answer, and a link waits for it
hang_entry() {
	in_run mkdir /run/hang
	if mount_hung /run/hang; then
		in_run ln -s /run/hang/ns /run/netns/hung
	else
		HANG_PID=''
		echo "no FUSE filesystem can be mounted here: nothing hangs"
	fi
	succeeds rportctl pair netns:hung default --name hung --allow-pending
}

# attack: all of them, in the background; ATTACKERS
attack() {
	local user how
	ATTACKERS=()
	for user in "${USERS[@]}"; do
		setpriv --reuid="$user" --regid="$user" --clear-groups -- \
			"$TOOLS/stranger" "$SOCKET" "$HOSTILE_SECONDS" "$((SEED + user))" >"stranger.$user" 2>&1 &
		ATTACKERS+=($!)
	done
	meddle &
	ATTACKERS+=($!)
	for how in intrude flood flap; do
		at_intervals "$how" >"container.$how" &
		ATTACKERS+=($!)
	done
}

# --- the others ------------------------------------------------------------------------------------------------------

# come_first PID...: all threads of these, and what they start, run before other processes, for the machine may be busy with
# something else; what rportd is made to do is measured
come_first() {
	local pid
	for pid; do
		find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | xargs renice -n -15 -p >/dev/null
	done
}

# call_until MS: what root asks for, over and over, of both
call_until() {
	come_first "$BASHPID"
	while [ "$(now_ms)" -lt "$1" ]; do
		ask_both
	done
}

one_role() {
	if [ $((RANDOM % 2)) = 0 ]; then
		data_pid
	else
		net_pid
	fi
}

# kill_roles_at_random: for as long as a round takes
kill_roles_at_random() {
	local end pid
	end=$(($(now_ms) + HOSTILE_SECONDS * 1000))
	while [ "$(now_ms)" -lt "$end" ]; do
		sleep "0.$((RANDOM % 9 + 1))"
		! pid=$(one_role) || { kill -KILL "$pid" && echo killed; }
	done
}

# missing_reply: the first ping without a reply before the last reply; ping does not wait for those to the last ones
missing_reply() {
	sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' ping.out | sort -n | awk '$1 != NR { print NR; exit }'
}

# one_round: attack, ask, and see that the attackers end
one_round() {
	local user pid how
	attack
	rm -f victim.ms bystander.ms
	(call_until $(($(now_ms) + HOSTILE_SECONDS * 1000)))
	for pid in "${ATTACKERS[@]}"; do
		eventually -t 60000 process_over "$pid"
	done
	rportd_alive || fail "rportd ended"
	for user in "${USERS[@]}"; do
		assert_match "$(<"stranger.$user")" 'connects=*' "what a user did"
	done
	for how in intrude flood flap; do
		assert_match "$(<"container.$how")" 'done=[1-9]*' "how often the container's root could $how"
	done
}

threads() {
	find "/proc/$RPORTD_PID/task" -mindepth 1 -maxdepth 1 | wc -l
}

threads_at_most() {
	[ "$(threads)" -le "$1" ]
}

# enter NAMESPACE...: rportd sees them in its /run/netns
enter() {
	local ns
	for ns; do
		# shellcheck disable=SC2016 # expanded there
		nsenter --net="/run/netns/$ns" --mount="/proc/$RPORTD_PID/ns/mnt" -- sh -c 'ip netns attach "$1" $$' - "$ns"
	done
}

# ports_of_rportd NAMESPACE: the devices there that bear its alias; the container's root may have made others
ports_of_rportd() {
	ip -n "$1" -j link show type tun | jq -r '.[] | select((.ifalias // "") | startswith("rport")) | .ifname'
}

test_all_at_once() {
	local n fds tasks pinger killer
	echo "SEED=$SEED"
	ns_add A B C D
	start_rportd_with_empty_run
	enter "$A" "$B" "$C" "$D"
	keep_routes
	hang_entry
	for ((n = 0; n < N_LINKS; n++)); do
		succeeds rportctl pair "$A" "$B" --name "l$n" --addresses "192.168.$n.0,192.168.$n.1" --a-route "10.200.$n.0/24" \
			--a-name "rport$n" --b-name "rport$n" --queues $((1 + n % 2))
	done
	succeeds rportctl pair "$C" "$D" --name victim --addresses 192.168.99.0,192.168.99.1
	ping_ok "$C" 192.168.99.1
	start_bystander
	come_first "$RPORTD_PID" "$BYSTANDER_PID"
	fds=$(rportd_fds)
	tasks=$(threads)
	ip netns exec "$C" ping -n -i 0.02 192.168.99.1 >ping.out 2>&1 &
	pinger=$!
	for ((n = 0; n < ROUNDS; n++)); do
		one_round
		! slower_by $((ANSWER_MS * LIMIT_FACTOR)) $((1000 * LIMIT_FACTOR)) || break
	done
	kill "$pinger"
	[ "$n" -lt "$ROUNDS" ] || fail "root waited in each of $n rounds"
	assert_eq "$(missing_reply)" '' "the victim's first lost packet"
	# once more while that which moves packets dies again and again
	kill_roles_at_random >killed &
	killer=$!
	one_round
	wait "$killer"
	sum_up victim
	assert_match "$(<killed)" '*killed*' 'what was killed'
	eventually data_pid
	assert_json "$(rportctl -j show victim)" '.a.losses == 0 and .b.losses == 0' "the victim's losses"
	# the victim is whole, and nothing is left
	ping_ok "$C" 192.168.99.1
	succeeds rportctl list
	for ((n = 0; n < N_LINKS; n++)); do
		succeeds rportctl unpair "l$n"
	done
	succeeds rportctl unpair hung
	[ -z "$HANG_PID" ] || end_hung
	eventually threads_at_most "$tasks"
	eventually fds_at_most "$fds"
	assert_no_match "$(<"$RPORTD_LOG")" $'*\x1b*' "the log"
	succeeds rportctl unpair victim
	end_bystander
	assert_eq "$(ports_of_rportd "$A")" '' "interfaces of rportd in the container"
	ip netns del "$A" # with what is the container's own
	stop_rportd
}

run_tests "$@"
