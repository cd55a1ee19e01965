#!/bin/bash
# SPDX-License-Identifier: ISC
#
# scale.sh: many links. `make bench-scale` runs it. Two layouts: all links between the same two namespaces, and namespaces
# of which each has four links to the next one. What is compared is measured in turn: a link among many that are idle with
# the only link of another daemon, and a pair with two bare moves of a TUN device (moves.c), which is what the kernel
# takes for it.
#
#   BENCH         full (the default: 1,000 links, 250 namespaces; ten minutes), quick (100, 25) or smoke (12, 3; proves nothing)
#   BENCH_OUT     the folder for scale.json and scale.txt (default: bench, where the tree was built)
#   BENCH_ROUNDS  another number of rounds of traffic
#   BENCH_PREFIX  of the names of its namespaces, instead of a unique one
#   BUILD_DIR     where the tree was built

set -u
BENCH_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
. "$BENCH_DIR/../lib.sh"

BENCH=${BENCH:-full}
OUT=${BENCH_OUT:-$BUILD_DIR/bench}
TOOLS=$BUILD_DIR/tests/bench
ADDRESS_A=10.77.0.1
ADDRESS_B=10.77.0.2
EDGE=10 # so many of the first and the last pairs are compared

# LINKS of the first layout, NAMESPACES of the second; ROUNDS and SECONDS of the traffic; IDLE seconds
case $BENCH in
full) LINKS=1000 NAMESPACES=250 ROUNDS=21 LOAD_SECONDS=0.4 IDLE=10 ;;
quick) LINKS=100 NAMESPACES=25 ROUNDS=9 LOAD_SECONDS=0.3 IDLE=3 ;;
smoke) LINKS=12 NAMESPACES=3 ROUNDS=1 LOAD_SECONDS=0.1 IDLE=0.5 ;;
*) fail "BENCH=$BENCH is none of full, quick and smoke" ;;
esac

ROUNDS=${BENCH_ROUNDS:-$ROUNDS}

declare -A PIDS

say() {
	echo "$*" >&2
}

cleanup() {
	local pid
	trap - EXIT
	for pid in "${PIDS[@]}"; do
		kill "$pid"
	done
	wait
	delete_namespaces
	rm -rf "$TEST_TMP"
} >/dev/null 2>&1

# --- daemons ---------------------------------------------------------------------------------------------------------

# start NAME: a daemon
start() {
	[ -e "/run/netns/$TEST_PREFIX$1" ] || ns_create "$TEST_PREFIX$1"
	nsenter --net=/run/netns/"$TEST_PREFIX$1" "$RPORTD" --socket "$TEST_TMP/$1" --config-path "$TEST_TMP/none" \
		--log-level warning </dev/null &
	PIDS[$1]=$!
	poll "$STEP_MS" ctl "$1" list || fail "rportd does not answer"
}

stop() {
	kill "${PIDS[$1]}"
	wait "${PIDS[$1]}"
	unset "PIDS[$1]"
}

# ctl NAME ARGUMENT...
ctl() {
	"$BUILD_DIR/rportctl/rportctl" --socket "$TEST_TMP/$1" "${@:2}"
}

# cpu_ms NAME: that its processes have used
cpu_ms() {
	local pid
	for pid in $(processes_of "${PIDS[$1]}"); do
		cat "/proc/$pid"/task/*/schedstat
	done | awk '{ ns += $1 } END { printf "%.3f", ns / 1e6 }'
}

# kernel_memory: KiB of the kernel's own objects; not of rings of more than two pages (a TUN has one of 16 KiB for each queue), which are
# told apart from nothing
kernel_memory() {
	sleep 1 # what is freed after a grace period
	awk '$1 ~ /^(SUnreclaim|Percpu|VmallocUsed):$/ { n += $2 } END { print n }' /proc/meminfo
}

# memory NAME KEY: KiB of its processes; Rss or Pss
memory() {
	local pid
	for pid in $(processes_of "${PIDS[$1]}"); do
		cat "/proc/$pid/smaps_rollup"
	done | awk -v key="$2:" '$1 == key { n += $2 } END { print n }'
}

# --- measuring -------------------------------------------------------------------------------------------------------

# call METHOD PARAMETERS
call() {
	printf '{"method":"org.rportd.Manager.%s","parameters":%s}\n' "$1" "$2"
}

# pairs: the calls, one a line; unpairs: those of some links
pairs() {
	local i
	for ((i = 0; i < N; i++)); do
		call Pair "{\"name\":\"l$i\",\"a\":{\"domain\":\"$(namespace_of $i a)\"},\"b\":{\"domain\":\"$(namespace_of $i b)\"}}"
	done
}

unpairs() {
	local i
	for ((i = 0; i < EDGE; i++)); do
		call Unpair "{\"name\":\"l$i\"}"
	done
}

# namespace_of LINK END, in this LAYOUT: two of them, or a ring
namespace_of() {
	local i=$1
	case $LAYOUT.$2 in
	two.a) echo "netns:${TEST_PREFIX}0" ;;
	two.b) echo "netns:${TEST_PREFIX}1" ;;
	ring.a) echo "netns:$TEST_PREFIX$((i / 4))" ;;
	ring.b) echo "netns:$TEST_PREFIX$(((i / 4 + 1) % NAMESPACES))" ;;
	esac
}

# fast_path_on: the calls that give all links the fast path
fast_path_on() {
	local i
	for ((i = 0; i < N; i++)); do
		call SetMtu "{\"name\":\"l$i\",\"mtu\":9000}"
		call SetFastPath "{\"name\":\"l$i\",\"on\":true}"
	done
}

# timed: the calls on standard input; milliseconds of each
timed() {
	"$TOOLS/calls" "$TEST_TMP/many" | awk '{ print $1 / 1000 }'
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

moves() {
	"$TOOLS/moves" "$EDGE" | jq .two_moves_ms.median
}

# traffic_of ALONE_OR_MANY KIND: over link 0 of that daemon
traffic_of() {
	local a=${TEST_PREFIX}0 b=${TEST_PREFIX}1
	[ "$1" = many ] || a=${TEST_PREFIX}x b=${TEST_PREFIX}y
	case $2 in
	tcp) "$TOOLS/loadgen" --from "$a" --to "$b" --address "$ADDRESS_B" tcp --streams 1 --seconds "$LOAD_SECONDS" ;;
	rtt) "$TOOLS/loadgen" --from "$a" --to "$b" --address "$ADDRESS_B" rtt --size 64 --seconds "$LOAD_SECONDS" ;;
	esac
}

# number NAME A B: give link 0 its addresses
number() {
	ip -n "$2" address add $ADDRESS_A peer $ADDRESS_B dev rport0
	ip -n "$3" address add $ADDRESS_B peer $ADDRESS_A dev rport0
	poll "$STEP_MS" in_ns "$2" ping -n -q -c 1 -W 0.2 $ADDRESS_B || fail "the link of $1 does not carry"
}

# compare_traffic: in turn; samples as JSON
compare_traffic() {
	local round who kind
	for ((round = 0; round < ROUNDS; round++)); do
		for kind in tcp rtt; do
			for who in $([ $((round % 2)) = 0 ] && echo alone many || echo many alone); do
				traffic_of "$who" "$kind" | jq -c --arg who "$who" --arg kind "$kind" --argjson round "$round" \
					'{$who, $kind, $round} + .'
			done
		done
	done
}

# summary of the samples: medians, and of the ratios within a round
summary() {
	jq -s 'def median: sort | .[(length - 1) / 2 | floor];
		def of($who; $kind; $key): [.[] | select(.who == $who and .kind == $kind) | .[$key]];
		def pick($kind; $key): {alone: (of("alone"; $kind; $key) | median), many: (of("many"; $kind; $key) | median),
			ratio: ([of("many"; $kind; $key), of("alone"; $kind; $key)] | transpose | map(.[0] / .[1]) | median)};
		{tcp_bits_per_second: pick("tcp"; "bits_per_second"), rtt_p50_us: pick("rtt"; "p50_us"), rtt_p99_us: pick("rtt"; "p99_us")}'
}

# since MS
since() {
	echo $(($(now_ms) - $1))
}

# --- a layout --------------------------------------------------------------------------------------------------------

setup_namespaces() {
	local i
	for ((i = 0; i < $1; i++)); do
		ip netns add "$TEST_PREFIX$i"
		# what the kernel says of its own, at longer and longer intervals, is no part of what an idle link costs
		in_ns "$TEST_PREFIX$i" sysctl -qw net.ipv6.conf.default.router_solicitations=0
	done
	for i in 0 1; do # where there is traffic
		ip -n "$TEST_PREFIX$i" link set lo up
		in_ns "$TEST_PREFIX$i" sysctl -qw net.ipv4.tcp_congestion_control=cubic 2>/dev/null || true
	done
}

# layout two|ring: one JSON object
layout() {
	LAYOUT=$1
	local count=2 began kernel link_kernel fast_kernel=0 rss pss moves_first moves_last cpu pair_all list show unpair_all traffic
	N=$LINKS
	[ "$LAYOUT" = two ] || count=$NAMESPACES N=$((4 * NAMESPACES))
	say "$N links, $count namespaces"
	setup_namespaces "$count"
	start many
	rss=$(memory many Rss) pss=$(memory many Pss)
	moves_first=$(moves)
	kernel=$(kernel_memory)
	began=$(now_ms)
	pairs | timed >"$TEST_TMP/pairs"
	pair_all=$(since "$began")
	moves_last=$(moves)
	[ "$(wc -l <"$TEST_TMP/pairs")" = "$N" ] || fail "not all were paired"
	link_kernel=$(($(kernel_memory) - kernel))
	sleep 2 # settings are looked at once more, some time after they were made
	rss=$(($(memory many Rss) - rss)) pss=$(($(memory many Pss) - pss))
	cpu=$(cpu_ms many)
	sleep "$IDLE"
	cpu=$(echo "$(cpu_ms many) $cpu" | awk '{ print $1 - $2 }')
	number many "${TEST_PREFIX}0" "${TEST_PREFIX}1"
	traffic=$(compare_traffic | summary)
	list=$(call List '{}' | timed) show=$(call Show '{"name":"l1"}' | timed)
	if [ "$LAYOUT" = two ]; then
		kernel=$(kernel_memory)
		fast_path_on | timed >"$TEST_TMP/fast"
		fast_kernel=$(($(kernel_memory) - kernel))
		ctl many -j show l1 | jq -e '.ways.aToB.fast' >/dev/null || say "no fast path here"
	fi
	unpairs | timed >"$TEST_TMP/unpairs"
	began=$(now_ms)
	ctl many -q unpair 'l*' || fail "they could not be removed"
	unpair_all=$(since "$began")
	[ "$(ctl many -j list)" = '[]' ] || fail "links are left"
	stop many
	delete_own_namespaces "$count"
	jq -n --arg layout "$LAYOUT" --argjson links "$N" --argjson namespaces "$count" --argjson pair_all "$pair_all" \
		--argjson first "$(head -n $EDGE "$TEST_TMP/pairs" | median)" --argjson last "$(tail -n $EDGE "$TEST_TMP/pairs" | median)" \
		--argjson moves_first "$moves_first" --argjson moves_last "$moves_last" --argjson rss "$rss" --argjson pss "$pss" \
		--argjson cpu "$cpu" --argjson idle "$IDLE" --argjson list "$list" --argjson show "$show" --argjson unpair_all "$unpair_all" \
		--argjson unpair "$(median <"$TEST_TMP/unpairs")" --argjson traffic "$traffic" \
		--argjson median "$(median <"$TEST_TMP/pairs")" --argjson kernel "$link_kernel" --argjson fast "$fast_kernel" \
		'{$layout, $links, $namespaces, pair_all_ms: $pair_all, pair_ms: $median, pair_first_ms: $first, pair_last_ms: $last,
		two_moves_before_ms: $moves_first, two_moves_after_ms: $moves_last, rss_kib_per_link: ($rss / $links),
		pss_kib_per_link: ($pss / $links), idle_cpu_percent: ($cpu / $idle / 10), list_ms: $list, show_ms: $show,
		kernel_kib_per_link: ($kernel / $links), fast_path_kernel_kib_per_link: ($fast / $links), unpair_all_ms: $unpair_all, unpair_ms: $unpair, traffic: $traffic}'
}

delete_own_namespaces() {
	local i
	for ((i = 0; i < $1; i++)); do
		ip netns del "$TEST_PREFIX$i"
	done
}

table() {
	jq -r 'def f($n): . * pow(10; $n) | round / pow(10; $n);
		"\(.links) links in \(.namespaces) namespaces",
		"  pair all            \(.pair_all_ms / 1000 | f(1)) s, median \(.pair_ms | f(1)) ms",
		"  pair, first ones    \(.pair_first_ms | f(1)) ms   two bare moves just before: \(.two_moves_before_ms | f(1)) ms",
		"  pair, last ones     \(.pair_last_ms | f(1)) ms   two bare moves just after: \(.two_moves_after_ms | f(1)) ms",
		"  memory of a link    \(.rss_kib_per_link | f(2)) KiB RSS, \(.pss_kib_per_link | f(2)) KiB PSS",
		"  kernel memory       \(.kernel_kib_per_link | f(1)) KiB, with the fast path \(.fast_path_kernel_kib_per_link | f(1)) KiB more",
		"  CPU while idle      \(.idle_cpu_percent | f(3)) %",
		"  TCP, one stream     \(.traffic.tcp_bits_per_second.ratio | f(2)) of the link alone",
		"  round trip, p50     \(.traffic.rtt_p50_us.ratio | f(2)) of the link alone (\(.traffic.rtt_p50_us.many | f(1)) us)",
		"  round trip, p99     \(.traffic.rtt_p99_us.ratio | f(2)) of the link alone (\(.traffic.rtt_p99_us.many | f(1)) us)",
		"  list, show          \(.list_ms | f(1)) ms, \(.show_ms | f(1)) ms",
		"  unpair all          \(.unpair_all_ms / 1000 | f(1)) s, one of them \(.unpair_ms | f(1)) ms"'
}

# --- files, and ends -------------------------------------------------------------------------------------------------

links_are() {
	[ "$(ctl files -j list | jq length)" = "$1" ]
}

# made_since MS: milliseconds until all links of files are there; only the last one is asked for, as a list would cost the daemon much
made_since() {
	until ctl files -q exists last; do
		sleep 0.02
	done
	since "$1"
}

# write_files: LINKS of them
write_files() {
	local i
	mkdir -p "$TEST_TMP/files.d"
	for ((i = 0; i < LINKS; i++)); do
		printf '[A]\nDomain=netns:%s0\n[B]\nDomain=netns:%s1\n' "$TEST_PREFIX" "$TEST_PREFIX" >"$TEST_TMP/files.d/l$i.rport"
	done
	mv "$TEST_TMP/files.d/l$((LINKS - 1)).rport" "$TEST_TMP/files.d/last.rport"
}

# start_with_files: milliseconds until all links are there
start_with_files() {
	local began
	began=$(now_ms)
	nsenter --net=/run/netns/"${TEST_PREFIX}files" "$RPORTD" --socket "$TEST_TMP/files" --config-path "$TEST_TMP/files.d" \
		--log-level warning </dev/null &
	PIDS[files]=$!
	poll "$STEP_MS" ctl files list || fail "rportd does not answer"
	TOOK=$(made_since "$began")
	links_are "$LINKS" || fail "not all links of files were made"
}

# namespace_gone PORTS: milliseconds from `ip netns del` of one with so many ports until the kernel has freed it
namespace_gone() {
	local i began
	ns_create "${TEST_PREFIX}w"
	ns_create "${TEST_PREFIX}v"
	ip -n "${TEST_PREFIX}w" link add witness type veth peer name witness netns "${TEST_PREFIX}v"
	for ((i = 0; i < $1; i++)); do
		call Pair "{\"name\":\"g$i\",\"a\":{\"domain\":\"netns:${TEST_PREFIX}w\"},\"b\":{\"domain\":\"netns:${TEST_PREFIX}v\"}}"
	done | "$TOOLS/calls" "$TEST_TMP/files" >/dev/null
	sleep 1
	began=$(now_ms)
	ip netns del "${TEST_PREFIX}v"
	until witness_gone "${TEST_PREFIX}w" >/dev/null 2>&1; do
		sleep 0.002
	done
	TOOK=$(since "$began")
	ctl files -q unpair 'g*'
	ip netns del "${TEST_PREFIX}w"
}

# ends: one JSON object
ends() {
	local started removed ended few many began
	say "files, and ends"
	setup_namespaces 2
	ns_create "${TEST_PREFIX}files"
	write_files
	start_with_files
	started=$TOOK
	rm "$TEST_TMP"/files.d/*
	began=$(now_ms)
	ctl files -q reload
	removed=$(since "$began")
	links_are 0 || fail "links of removed files are left"
	namespace_gone $((LINKS / 10))
	few=$TOOK
	namespace_gone "$LINKS"
	many=$TOOK
	stop files
	write_files
	start_with_files
	began=$(now_ms)
	stop files
	ended=$(since "$began")
	jq -n --argjson links "$LINKS" --argjson started "$started" --argjson removed "$removed" --argjson ended "$ended" \
		--argjson few "$few" --argjson many "$many" \
		'{$links, start_ms: $started, reload_ms: $removed, end_ms: $ended, namespace_of_a_tenth_ms: $few, namespace_ms: $many}'
}

table_of_ends() {
	jq -r '"\(.links) links of files",
		"  start until all are there     \(.start_ms / 1000) s",
		"  reload that removes them      \(.reload_ms / 1000) s",
		"  end of the daemon             \(.end_ms / 1000) s",
		"  a namespace is freed after its deletion, with \(.links / 10 | floor) ports   \(.namespace_of_a_tenth_ms) ms",
		"  with \(.links) ports              \(.namespace_ms) ms"'
}

main() {
	[ "$(id -u)" = 0 ] || fail "namespaces and TUN devices need root"
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rport-bench.XXXXXX") || exit
	TEST_PREFIX=${BENCH_PREFIX:-rb${TEST_TMP##*.}-}
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	ns_create "${TEST_PREFIX}x"
	ns_create "${TEST_PREFIX}y"
	start alone
	ctl alone -q pair "${TEST_PREFIX}x" "${TEST_PREFIX}y" --name alone || exit
	number alone "${TEST_PREFIX}x" "${TEST_PREFIX}y"
	layout two >"$TEST_TMP/layouts" && layout ring >>"$TEST_TMP/layouts" && ends >"$TEST_TMP/ends" || exit
	mkdir -p "$OUT" || exit
	jq -s --arg bench "$BENCH" --arg kernel "$(uname -sr)" --argjson cpus "$(nproc)" \
		--arg load "$(cut -d ' ' -f 1-3 /proc/loadavg)" '{$bench, $kernel, $cpus, load_average: $load, layouts: ., ends: $ends[0]}' --slurpfile ends "$TEST_TMP/ends" \
		"$TEST_TMP/layouts" >"$OUT/scale.json"
	{ table <"$TEST_TMP/layouts" && table_of_ends <"$TEST_TMP/ends"; } | tee "$OUT/scale.txt"
	say "scale.json and scale.txt are in $OUT"
}

main
