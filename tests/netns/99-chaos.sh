#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan
#
# Everything at once, in an order of chance, for CHAOS_SECONDS: verbs, files, namespaces and interfaces that come, go and
# change, kills and restarts. Then all must be as the daemon says, work, and go away without a trace. SEED=N repeats an order
# (what it meets differs, since time does).
TEST_SECONDS=$((${CHAOS_SECONDS:-60} + 120))
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ports.sh"
. "$(dirname "$0")/../keeper.sh"

SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
export SEED
CHAOS_SECONDS=${CHAOS_SECONDS:-60}
CTL_SECONDS=$((STEP_MS / 1000)) # a call of rportctl may take so long
START_MS=$((STEP_MS / 2))       # from the end of a daemon until the next one answers
MEMORY_GROWTH_MAX=16384 # KiB of VmRSS; sanitizers take more
N_DOMAINS=6 N_LINKS=6

declare -A OUTCOMES=()  # "OPERATION STATUS": how often
declare -A STARTERLESS=() # by PID: daemons whose starter we killed
declare -A KILLED=()    # by PID: daemons that we killed, and how many had been started by then
LAST_END=0              # when the last one was
SERIAL=0                # of witnesses, monitors, flows

# --- chance ----------------------------------------------------------------------------------------------------------

# pick VARIABLE N: a number below N. Not by $(), whose RANDOM is not ours
pick() {
	printf -v "$1" '%d' $((RANDOM % $2))
}

# one_of VARIABLE WORD...
one_of() {
	local words=("${@:2}")
	printf -v "$1" '%s' "${words[RANDOM % ${#words[@]}]}"
}

# chance PERCENT, as a condition
chance() {
	[ $((RANDOM % 100)) -lt "$1" ]
}

# pick_line VARIABLE: one of standard input, "" when there is none
pick_line() {
	local lines
	mapfile -t lines
	printf -v "$1" '%s' "${lines[RANDOM % (${#lines[@]} > 0 ? ${#lines[@]} : 1)]:-}"
}

pick_namespace() {
	local number
	pick number "$N_DOMAINS"
	printf -v "$1" '%sn%d' "$TEST_PREFIX" "$number"
}

pick_domain() {
	local name
	pick_namespace name
	chance 8 && name=default
	printf -v "$1" '%s' "$name"
}

pick_link() {
	local number
	pick number "$N_LINKS"
	printf -v "$1" 'l%d' "$number"
}

# pick_port VARIABLE: DOMAIN/INTERFACE of one that is there
pick_port() {
	local listed
	listed=$(timeout "$CTL_SECONDS" "$RPORTCTL" --socket "$SOCKET" -j ports 2>/dev/null |
		jq -r '.[] | select(.interface != "") | "\(.domain)/\(.interface)"') || true
	pick_line "$1" <<<"$listed"
}

# pick_device NAMESPACE-VARIABLE DEVICE-VARIABLE: a TUN device of some namespace
pick_device() {
	pick_namespace "$1"
	pick_line "$2" < <(ip -n "${!1}" -j link show type tun 2>/dev/null | jq -r '.[].ifname' || true)
}

# --- doing -----------------------------------------------------------------------------------------------------------

note() {
	OUTCOMES["$1 $2"]=$((${OUTCOMES["$1 $2"]:-0} + 1))
}

# ctl OPERATION ARGUMENT...: rportctl, whose status must be one that is documented, and soon
ctl() {
	local status=0
	timeout "$CTL_SECONDS" "$RPORTCTL" --socket "$SOCKET" "${@:2}" >ctl.out 2>ctl.err || status=$?
	echo "rportctl ${*:2} -> $status $(head -c 200 ctl.err)" >>chaos.log
	note "$1" "$status"
	case $status in
	0 | 2 | 3) ;;
	4) [ $(($(now_ms) - LAST_END)) -lt "$START_MS" ] || fail "rportctl ${*:2}: nobody there: $(<ctl.err)" ;;
	*) fail "rportctl ${*:2}: status $status: $(<ctl.err)" ;;
	esac
}

# do_ip OPERATION ARGUMENT...: ip, which may fail
do_ip() {
	local status=0
	timeout "$CTL_SECONDS" ip "${@:2}" >/dev/null 2>&1 || status=$?
	[ "$status" != 124 ] || fail "ip ${*:2} takes for ever"
	echo "ip ${*:2} -> $status" >>chaos.log
	note "$1" $((status != 0))
}

# add_namespace NAME: with a witness, an interface at home that disappears when the namespace is really gone
add_namespace() {
	ns_create "$1"
	SERIAL=$((SERIAL + 1))
	ip -n "$HOME_NS" link add "w$SERIAL" type veth peer name witness netns "$1"
	note netns-add 0
	echo "netns add $1" >>chaos.log
}

op_namespace() {
	local name
	pick_namespace name
	if [ -e "/run/netns/$name" ]; then
		do_ip netns-del netns del "$name"
	else
		add_namespace "$name"
	fi
}

op_pair() {
	local a b link number mtu options=()
	pick_domain a
	pick_domain b
	pick_link link
	number=${link#l}
	options=(--name "$link" --addresses "10.99.$number.0,10.99.$number.1")
	chance 80 && options+=(--allow-pending)
	chance 70 && options+=(--replace)
	chance 15 && options+=(--persist)
	chance 15 && options+=(--no-offload)
	chance 10 && options+=(--mpls)
	chance 30 && options+=(--addresses "fd99::$number:0,fd99::$number:1" --b-route "10.98.$number.0/24")
	one_of mtu 32768 1500 9000
	chance 40 && options+=(--mtu "$mtu")
	chance 40 && options+=(--a-name "wan$number" --b-name "lan$number")
	ctl pair pair "$a" "$b" "${options[@]}"
}

op_unpair() {
	local link
	pick_link link
	if chance 40; then
		ctl unpair unpair "$link" --persist
	else
		ctl unpair unpair "$link"
	fi
}

op_port() {
	local domain number port
	pick number 4
	if chance 60; then
		pick_domain domain
		ctl create create "p$number" in "$domain"
	else
		pick_port port
		[ -z "$port" ] || ctl destroy destroy "$port"
	fi
}

op_set() {
	local port mtu verb
	pick_port port
	one_of mtu 32768 1280 2000
	one_of verb up up down mtu
	if [ -z "$port" ]; then
		return
	elif [ "$verb" = mtu ]; then
		ctl mtu set "$port" mtu "$mtu"
	else
		ctl "$verb" "$verb" "$port"
	fi
}

op_parent() {
	local port other
	pick_port port
	pick_port other
	if [ -z "$port" ]; then
		return
	elif chance 60; then
		ctl parent parent "$port" "$other"
	else
		ctl unparent unparent "$port"
	fi
}

op_reconcile() {
	local link
	pick_link link
	ctl reconcile reconcile "$link"
}

op_device() {
	local ns device verb other
	pick_device ns device
	pick_namespace other
	one_of verb del del down up mtu rename flush move
	[ -n "$device" ] || return 0
	case $verb in
	del) do_ip dev-del -n "$ns" link del "$device" ;;
	down | up) do_ip "dev-$verb" -n "$ns" link set "$device" "$verb" ;;
	mtu) do_ip dev-mtu -n "$ns" link set "$device" mtu $((1300 + RANDOM % 100)) ;;
	rename) do_ip dev-rename -n "$ns" link set "$device" name "x$((RANDOM % 100))" ;;
	flush) do_ip dev-flush -n "$ns" addr flush dev "$device" ;;
	move) do_ip dev-move -n "$ns" link set "$device" netns "$other" ;;
	esac
}

write_file() {
	local a b mtu number=${1#l}
	pick_domain a
	pick_domain b
	one_of mtu 32768 1500 4000
	printf '%s\n' '[Link]' "MTU=$mtu" '[A]' "Domain=$a" "Address=10.99.$number.0" "PeerAddress=10.99.$number.1" \
		'[B]' "Domain=$b" "Address=10.99.$number.1" "PeerAddress=10.99.$number.0" >conf/"$1.rport"
	! chance 30 || printf 'Name=file%s\n' "$number" >>conf/"$1.rport"
}

op_file() {
	local link what
	mkdir -p conf
	pick_link link
	one_of what write write remove garble none
	case $what in
	write) write_file "$link" ;;
	remove) rm -f conf/"$link.rport" ;;
	garble) [ ! -e conf/"$link.rport" ] || head -c 40 /dev/urandom >>conf/"$link.rport" ;;
	esac
	echo "file $link: $what" >>chaos.log
	note "file-$what" 0
	one_of what reload apply dry none
	case $what in
	reload | apply) ctl "$what" "$what" ;;
	dry) ctl apply-dry apply --dry-run ;;
	esac
}

# the daemon as it is now, also one that is just starting; "" when none runs
running() {
	awk '$1 == "started" { pid = $2 } $1 == "ended" { pid = "" } END { print pid }' "$KEEPER_LOG"
}

op_kill() {
	local pid
	pid=$(running)
	[ -n "$pid" ] || return 0
	echo "kill $pid" >>chaos.log
	KILLED[$pid]=$(keeper_said started)
	LAST_END=$(now_ms)
	kill -KILL "$pid" 2>/dev/null || true
	note kill 0
}

# one of the processes that are started again, or the starter, without which the daemon ends
op_kill_role() {
	local pid other
	pid=$(running)
	[ -n "$pid" ] || return 0
	if chance 50; then
		other=$(RPORTD_PID=$pid data_pid) || return 0
	else
		other=$(RPORTD_PID=$pid net_pid) || return 0
	fi
	if chance 25; then
		other=$(RPORTD_PID=$pid starter_pid) || return 0
		STARTERLESS[$pid]=1
		LAST_END=$(now_ms)
	fi
	echo "kill $other of $pid" >>chaos.log
	kill -KILL "$other" 2>/dev/null || true
	note kill-role 0
}

op_restart() {
	local pid
	pid=$(running)
	[ -n "$pid" ] || return 0
	echo "restart $pid" >>chaos.log # or one that has begun since; the keeper says which
	LAST_END=$(now_ms)
	kill -HUP "$KEEPER_PID"
	note restart 0
}

# over whichever link is up; it ends by itself
op_traffic() {
	local link ns address device
	pick_link link
	rportctl -j show "$link" >traffic.json 2>/dev/null || return 0
	ns=$(jq -r '.a | select(.state == "up") | .domain' traffic.json)
	address=$(jq -r '.b.linkLocal // ""' traffic.json)
	device=$(jq -r '.a.interface' traffic.json)
	ns=${ns#netns:}
	[ "$ns" != default ] || ns=$HOME_NS
	[ -n "$address" ] && [ -e "/run/netns/$ns" ] || return 0
	SERIAL=$((SERIAL + 1))
	if chance 50; then
		spawn "$ns" /dev/null timeout 2 ping -n -q -i 0.01 -c 100 -W 1 "$address%$device"
	else
		spawn "$ns" /dev/null "$TRAFFIC" udp-send --count 20000 --rate 10000 --size 500 --timeout 1500 --ignore-errors \
			"10.99.${link#l}.1" 5000
	fi
	note traffic 0
}

operation() {
	local die
	pick die 100
	case $die in
	[0-9] | 1[0-3]) op_namespace ;;
	1[4-9] | 2* | 3[0-5]) op_pair ;;
	3[6-9] | 40) op_unpair ;;
	4[1-6]) op_port ;;
	4[7-9] | 5[0-3]) op_set ;;
	5[4-7]) op_parent ;;
	5[89] | 6*) op_device ;;
	7[0-6]) op_file ;;
	7[7-9] | 8[01]) op_reconcile ;;
	82) op_kill ;;
	83) op_kill_role ;;
	84) op_restart ;;
	*) op_traffic ;;
	esac
}

# --- a monitor, which is begun again whenever its daemon ends --------------------------------------------------------

monitors() {
	local n=0 status
	while [ ! -e stop-monitors ]; do
		n=$((n + 1)) status=0
		"$RPORTCTL" --socket "$SOCKET" -j monitor >"monitor.$n" 2>/dev/null || status=$?
		[ "$status" = 4 ] || [ -e stop-monitors ] || echo "$status" >monitor.failed
		sleep 0.1
	done
}

# replay FILE: what a client of the monitor has in the end. An event has the name that a port had before. Names that two had at
# a time (pending ones without a name of their own) are of no use, and listed
replay() {
	jq -s '
		def name: "\(.domain)/\(if .interface == "" then "-" else .interface end)";
		def add($port): if .ports[$port | name] then .ambiguous[$port | name] = true else . end | .ports[$port | name] = $port;
		reduce .[] as $e ({ links: {}, ports: {}, ambiguous: {} };
			if $e.event == "snapshot" then
				.links = ([$e.links[] | { (.name): . }] | add // {}) | reduce $e.ports[] as $port (.; add($port))
			elif $e.event == "linkRemoved" then del(.links[$e.name])
			elif $e.event == "portRemoved" then del(.ports[$e.name])
			elif $e.link then .links[$e.name] = $e.link
			elif $e.event == "portAdded" then add($e.port)
			else del(.ports[$e.name]) | add($e.port) end)' "$1"
}

# --- checking --------------------------------------------------------------------------------------------------------

# namespace_of DOMAIN
namespace_of() {
	case $1 in
	default) echo "$HOME_NS" ;;
	*) echo "${1#netns:}" ;;
	esac
}

# kernel_ports: as it has them
kernel_ports() {
	local ns
	for ns in $(ns_list); do
		# shellcheck disable=SC2016 # jq's
		ip -n "$ns" -j addr show type tun | jq -c --arg ns "$ns" '.[] | select(.ifname) | { ns: $ns, interface: .ifname, index: .ifindex,
			mtu, up: (.flags | index("UP") != null), addresses: [.addr_info[] | "\(.local)/\(.prefixlen)"] }'
	done | jq -s -S 'sort_by(.ns, .index)'
}

# told_ports: what the daemon says of those that have an interface
told_ports() {
	# shellcheck disable=SC2016 # jq's
	rportctl -j ports | jq -S --arg home "$HOME_NS" '[.[] | select(.state != "pending") | {
		ns: (if .domain == "default" then $home else (.domain | ltrimstr("netns:")) end), interface, index, mtu,
		up: (.state == "up"), drift,
		addresses: ([.addresses[].address] + (.linkLocal | if . then ["\(.)/64"] else [] end)) }] | sort_by(.ns, .index)'
}

check_kernel() {
	local told kernel missing
	told=$(told_ports)
	kernel=$(kernel_ports)
	assert_eq "$(jq -c '.[] | del(.addresses)' <<<"$kernel")" "$(jq -c '.[] | del(.addresses, .drift)' <<<"$told")" \
		"interfaces of the kernel, against those that are told"
	# shellcheck disable=SC2016 # jq's
	missing=$(jq -n -c --argjson told "$told" --argjson kernel "$kernel" '[$told, $kernel] | transpose[] |
		{ told: .[0], kernel: .[1] } | select(.told.up) |
		.missing = (.told.addresses - .kernel.addresses - [.told.drift[] | capture("address (?<of>.*) is missing").of |
			if startswith("fe80:") then "\(.)/64" else . end]) | select(.missing != [])')
	assert_eq "$missing" '' "interfaces without addresses of which nothing is said"
	check_routes
}

# check_routes: all are there but those that are said to be missing
check_routes() {
	local ns device route domain
	while read -r domain device route; do
		ns=$(namespace_of "$domain")
		[ -n "$(ip -n "$ns" route show "$route" dev "$device" proto 114)" ] || fail "$domain/$device has no route $route"
	done < <(rportctl -j ports | jq -r '.[] | select(.state == "up") |
		"\(.domain) \(.interface) \(.routes - [.drift[] | capture("the route (?<of>.*) is missing").of] | .[])"')
}

# check_links: all that are up pass packets
check_links() {
	local name domain device address
	while read -r name domain device address; do
		in_ns "$(namespace_of "$domain")" ping -n -q -c 3 -i 0.05 -W 3 "$address%$device" >ping.out 2>&1 || fail "link $name: $(<ping.out)
$(rportctl -s show "$name")"
		note check-ping 0
	done < <(rportctl -j list | jq -r '.[] | select(.state == "up") | "\(.name) \(.a.domain) \(.a.interface) \(.b.linkLocal)"')
}

# check_files: a link for each that is good, and no configured one without. Those that are faulty, or whose interface would have
# a name that is taken, go
check_files() {
	local link
	run rportctl -j reload
	for link in $(jq -r '.failed[].name' <<<"$OUT"); do
		rm conf/"$link.rport"
	done
	run rportctl -j reload
	assert_json "$OUT" '.failed == [] and .problems == []' "reload without faulty files"
	eventually at_rest
	rportctl -j list >links.json
	for link in conf/*.rport; do
		[ -e "$link" ] || break # there is none
		link=$(basename "$link" .rport)
		jq -e --arg name "$link" 'any(.[]; .name == $name and .configured)' links.json >/dev/null ||
			fail "the file of $link has no link: $OUT"
	done
	for link in $(jq -r '.[] | select(.configured) | .name' links.json); do
		[ -e conf/"$link.rport" ] || fail "link $link is configured without a file"
	done
}

# taken_route MESSAGE, as a condition: it is about a route that another interface has
taken_route() {
	local domain route
	[[ $1 =~ (default|netns:[^/ ]+)/.*the\ route\ ([^ ]+)\ is\ missing ]] ||
		[[ $1 =~ (add\ the)\ route\ ([^ ]+)\ by\ (default|netns:[^/ ]+)/ ]] || return 1
	domain=${BASH_REMATCH[3]:-${BASH_REMATCH[1]}} route=${BASH_REMATCH[2]}
	[ -n "$(ip -n "$(namespace_of "$domain")" route show "$route" proto 114)" ]
}

# in_the_way MESSAGE: what may keep a port from being as it shall: another interface has its name, or a route of its
in_the_way() {
	[[ $1 == *'there is an interface '*' already'* || $1 == *'another interface has that name'* ]] || taken_route "$1"
}

check_reconciled() {
	local link name reason
	for link in $(rportctl -j list | jq -r '.[].name'); do
		run rportctl reconcile "$link"
		[ "$RC" = 0 ] || in_the_way "$ERR" || fail "link $link cannot be reconciled: $ERR"
	done
	while read -r name reason; do
		in_the_way "$reason" || fail "port $name is still pending: $reason"
	done < <(rportctl -j list | jq -r '.[] | .a, .b | select(.state == "pending") | "\(.domain)/\(.interface) \(.reason)"')
	while read -r name reason; do
		[[ $reason == *'the name is'* ]] || in_the_way "$name $reason" || fail "port $name drifted: $reason"
	done < <(rportctl -j list | jq -r '.[] | .a, .b | select(.drift != []) | "\(.domain)/\(.interface) \(.drift)"')
}

# ports by themselves that are not as they shall be cannot be reconciled: away with them
drop_odd_ports() {
	local port
	for port in $(rportctl -j ports | jq -r '.[] | select(.link == null and (.state == "pending" or .drift != [])) | "\(.domain)/\(.interface)"'); do
		succeeds rportctl destroy "$port"
	done
}

check_monitor() {
	local last
	# shellcheck disable=SC2012 # names of our own
	last=$(ls -v monitor.[0-9]* | tail -n 1)
	poll "$STEP_MS" replays "$last" || fail "what the monitor told is not what is there: $(diff replayed.short listed.short)"
	[ ! -e monitor.failed ] || fail "a monitor ended with status $(<monitor.failed)"
}

# replay_short VIEW: of a replay, or of what is listed, what can be compared
replay_short() {
	jq -n -c --slurpfile view replayed.json --slurpfile links links.json --slurpfile ports ports.json '
		def name: "\(.domain)/\(if .interface == "" then "-" else .interface end)";
		def link: { name, state, configured, mtu, warnings };
		def port: { domain, interface, index, state, reason, losses, drift, carrier, link, peer, mtu, addresses, routes };
		def certain: select($view[0].ambiguous[name] | not);
		{ replayed: { links: [$view[0].links[]], ports: [$view[0].ports[]] }, listed: { links: $links[0], ports: $ports[0] } }["'"$1"'"] |
		(.links | sort_by(.name) | .[] | link), (.ports | sort_by(name) | .[] | certain | port)'
}

# replays FILE, as a condition: the links and ports that are replayed are those that are listed
replays() {
	replay "$1" >replayed.json
	rportctl -j list >links.json
	rportctl -j ports >ports.json
	replay_short replayed >replayed.short
	replay_short listed >listed.short
	cmp replayed.short listed.short
}

# check_ends: no daemon ended but by us, or when the keeper told it to. 143: before it could catch signals
check_ends() {
	local word pid status
	local -A terminated=()
	while read -r word pid status; do
		[ "$word" != terminated ] || terminated[$pid]=1
		[ "$word" = ended ] || continue
		case $status in
		137) [ -z "${KILLED[$pid]:-}" ] || continue ;;
		2) [ -z "${STARTERLESS[$pid]:-}" ] || continue ;;
		0 | 143) [ -z "${terminated[$pid]:-}" ] || continue ;;
		esac
		fail "rportd $pid ended by itself, with status $status ($(tail -n 20 "$RPORTD_LOG"))"
	done <"$KEEPER_LOG"
	kill -0 "$KEEPER_PID" || fail "the keeper has ended"
}

memory() {
	local pid
	for pid in $(processes_of "$RPORTD_PID"); do
		cat "/proc/$pid/status"
	done | awk '$1 == "VmRSS:" { n += $2 } END { print n }'
}

none_left() {
	[ "$(rportctl -j list)$(rportctl -j ports)" = '[][]' ]
}

no_witness() {
	! ip -n "$HOME_NS" -br link show type veth | grep -q .
}

# destroy_all: links and ports, by their names
destroy_all() {
	local name
	for name in $(rportctl -j list | jq -r '.[].name'); do
		succeeds rportctl unpair "$name"
	done
	for name in $(rportctl -j ports | jq -r '.[] | "\(.domain)/\(.interface)"'); do
		succeeds rportctl destroy "$name"
	done
}

statistic() {
	local key
	echo "seed $SEED, ${CHAOS_SECONDS} s; operation, status, times:"
	for key in "${!OUTCOMES[@]}"; do
		echo "  $key ${OUTCOMES[$key]}"
	done | sort
}

# ready_to_stay: the daemon that is ready, and that nobody has told to end; "" when there is none
ready_to_stay() {
	local pid
	pid=$(awk '$1 == "started" { delete told[$2] } $1 == "terminated" { told[$2] = 1; pid = "" } $1 == "ended" { pid = "" }
		$1 == "ready" && !told[$2] { pid = $2 } END { print pid }' "$KEEPER_LOG")
	[ "${KILLED[${pid:-0}]:-}" = "$(keeper_said started)" ] || echo "$pid" # it takes a while to die
}

daemon_ready() {
	[ -n "$(ready_to_stay)" ]
}

# --- the test --------------------------------------------------------------------------------------------------------

test_chaos() {
	local end fds memory number name before
	echo "SEED=$SEED"
	RANDOM=$((SEED % 32768))
	trap '[ -z "${CHAOS_SAVE:-}" ] || cp -r . "$CHAOS_SAVE"; end_test' EXIT
	start_kept_rportd
	mkdir -p conf
	monitors &
	eventually test -s monitor.1
	eventually rportd_idle
	fds=$(rportd_fds) memory=$(memory)
	for ((number = 0; number < N_DOMAINS; number++)); do
		add_namespace "${TEST_PREFIX}n$number"
	done

	end=$(($(now_ms) + CHAOS_SECONDS * 1000))
	while [ "$(now_ms)" -lt "$end" ]; do
		operation
	done
	statistic

	echo "all come to rest"
	for ((number = 0; number < N_DOMAINS; number++)); do
		name=${TEST_PREFIX}n$number
		[ -e "/run/netns/$name" ] || add_namespace "$name"
	done
	stored >/dev/null # once it has answered, the keeper has heard of a restart that we asked for
	eventually daemon_ready
	RPORTD_PID=$(ready_to_stay)
	check_ends
	sleep 1.5 # flows and their namespaces
	run rportctl reload
	check_reconciled
	drop_odd_ports
	check_reconciled
	eventually at_rest
	check_kernel
	check_links
	check_files
	check_monitor
	# once more by way of a restart: all of it is told to the next daemon
	before=$(facts)
	KILLED[$RPORTD_PID]=$(keeper_said started)
	kill_rportd
	assert_facts "$before" "a kill changed something"
	check_links

	echo "all goes"
	: >stop-monitors
	rm -f conf/*.rport
	destroy_all
	eventually none_left
	eventually no_ports_left
	eventually stored_is
	eventually fds_at_most "$fds"
	for ((number = 0; number < N_DOMAINS; number++)); do
		ip netns del "${TEST_PREFIX}n$number"
	done
	eventually no_witness
	grep -q __asan "$RPORTD" || [ $(($(memory) - memory)) -le "$MEMORY_GROWTH_MAX" ] ||
		fail "memory has grown from $memory to $(memory) KiB"
	echo "memory: $memory KiB, then $(memory)"
	check_ends
	all_ended_by() { :; } # check_ends knows better
}

run_tests "$@"
