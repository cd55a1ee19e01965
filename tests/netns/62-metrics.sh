#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
#
# rportctl metrics and rport-exporter: what Prometheus makes of them.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

EXPORTER=$BUILD_DIR/rport-exporter
EXPORTER_PID=

setup() {
	command -v promtool >/dev/null || skip could 'promtool is missing (Debian package: prometheus)'
	start_rportd
	ns_add A B
	succeeds rportctl pair "$A" "$B" --name ab --addresses 10.9.0.0,10.9.0.1
	ping_ok "$A" 10.9.0.1
	succeeds rportctl pair "$A" nowhere --name waiting --wait
	succeeds rportctl create lone0 in "$B"
}

# start_exporter [ARGUMENT...]: in the namespace of rportd
start_exporter() {
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	nsenter --net=/run/netns/"$HOME_NS" "$EXPORTER" --socket "$SOCKET" "$@" >"$TEST_TMP/exporter.log" 2>&1 </dev/null &
	EXPORTER_PID=$!
}

stop_exporter() {
	local status=0
	kill "$EXPORTER_PID"
	wait "$EXPORTER_PID" || status=$?
	assert_eq "$status" 0 'exit status of rport-exporter'
}

# get PATH [CURL-OPTION...]: from the exporter
get() {
	in_ns "$HOME_NS" curl -s -f -m 10 "${@:2}" "http://127.0.0.1:9980$1"
}

# value METRIC: of OUT
value() {
	local line
	line=$(grep -F -- "$1 " <<<"$OUT") || fail "no $1 in: $OUT"
	echo "${line##* }"
}

# labels LINK END NAMESPACE INTERFACE
labels() {
	echo "link=\"$1\",end=\"$2\",domain=\"netns:$3\",interface=\"$4\""
}

test_text() {
	setup
	succeeds rportctl metrics
	assert_eq "$(value rport_up)" 1 rport_up
	assert_eq "$(value 'rport_links{state="up"}')" 1 'links that are up'
	assert_eq "$(value 'rport_links{state="pending"}')" 1 'links that wait'
	assert_eq "$(value 'rport_link_up{link="ab"}')" 1 'ab is up'
	assert_eq "$(value 'rport_link_up{link="waiting"}')" 0 'the other waits'
	assert_eq "$(value rport_pending_ports)" 1 'pending ports'
	assert_eq "$(value "rport_port_up{$(labels ab a "$A" rport0)}")" 1 'the port'
	assert_eq "$(value "rport_port_up{$(labels '' '' "$B" lone0)}")" 0 'a port by itself'
	[ "$(value "rport_port_transmit_packets_total{$(labels ab a "$A" rport0)}")" -ge 3 ] || fail "packets: $OUT"
	assert_eq "$(value "rport_port_drops_total{$(labels ab a "$A" rport0),cause=\"invalid\"}")" 0 'drops'
	[ "$(value rport_reconcile_attempts_total)" -ge 4 ] || fail "attempts: $OUT"
	assert_match "$OUT" '*rport_worker_cpu_seconds_total{worker="0"} *' 'workers'
	assert_match "$OUT" "*rport_build_info{version=\"$(rportctl -V | sed 's/rportctl //')\",*} 1*" 'the version'
	promtool check metrics <<<"$OUT" || fail 'promtool complains'
	succeeds rportctl metrics --openmetrics
	assert_match "$OUT" '*# TYPE rport_port_losses counter*# EOF' 'OpenMetrics'
	# readable by all
	succeeds as_nobody metrics
	# a loss is counted
	ip netns del "$B"
	B=
	eventually lost
}

lost() {
	OUT=$(rportctl metrics)
	[ "$(value rport_reconcile_losses_total)" -ge 1 ] && [ "$(value 'rport_link_up{link="ab"}')" = 0 ]
}

# what others name cannot make lines, nor end a label
test_escaping() {
	local strange
	setup
	# shellcheck disable=SC1003 # a backslash
	strange=$TEST_PREFIX'st"r\e'
	ip netns add "$strange" || skip cannot 'no such names here'
	succeeds rportctl pair "$A" "netns:$strange" --name odd
	succeeds rportctl metrics
	promtool check metrics <<<"$OUT" || fail 'promtool complains'
	assert_match "$OUT" '*st\\"r\\\\*' 'escaped'
	ip netns del "$strange"
}

test_exporter() {
	setup
	start_exporter
	eventually get /healthz
	assert_eq "$(get /healthz)" ok health
	OUT=$(get /metrics)
	promtool check metrics <<<"$OUT" || fail 'promtool complains'
	assert_eq "$(value 'rport_link_up{link="ab"}')" 1 'ab is up'
	assert_match "$(get /metrics -H 'Accept: application/openmetrics-text; version=1.0.0')" '*# EOF' 'OpenMetrics, where asked for'
	assert_match "$(get /metrics -o /dev/null -w '%{content_type}')" 'text/plain; version=0.0.4*' 'type'
	assert_match "$(get /metrics -H 'Accept: application/openmetrics-text' -o /dev/null -w '%{content_type}')" \
		'application/openmetrics-text; version=1.0.0*' 'type'
	assert_eq "$(in_ns "$HOME_NS" curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9980/else)" 404 'another path'
	assert_eq "$(in_ns "$HOME_NS" curl -s -o /dev/null -w '%{http_code}' -d x=y http://127.0.0.1:9980/metrics)" 405 'POST'
	# without rportd it is the exporter that says so
	kill -TERM "$RPORTD_PID"
	rportd_wait
	eventually daemon_is_missed
	assert_eq "$(in_ns "$HOME_NS" curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9980/healthz)" 503 'health without rportd'
	promtool check metrics <<<"$(get /metrics)" || fail 'promtool complains'
	stop_exporter
	assert_eq "$(<"$TEST_TMP/exporter.log")" '' 'log'
}

daemon_is_missed() {
	OUT=$(get /metrics)
	[ "$(value rport_up)" = 0 ]
}

test_unix_socket() {
	setup
	start_exporter --listen "unix:$TEST_TMP/exporter.socket"
	eventually curl -s -f --unix-socket "$TEST_TMP/exporter.socket" http://localhost/healthz
	OUT=$(curl -s -f --unix-socket "$TEST_TMP/exporter.socket" http://localhost/metrics)
	assert_eq "$(value rport_up)" 1 rport_up
	kill -KILL "$EXPORTER_PID"
	wait "$EXPORTER_PID" || true
	# the socket that is left is no hindrance
	start_exporter --listen "unix:$TEST_TMP/exporter.socket"
	eventually curl -s -f --unix-socket "$TEST_TMP/exporter.socket" http://localhost/healthz
	stop_exporter
}

# as the service manager starts it
test_socket_activation() {
	command -v systemd-socket-activate >/dev/null || skip could 'systemd-socket-activate is missing'
	setup
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	nsenter --net=/run/netns/"$HOME_NS" systemd-socket-activate -l 127.0.0.1:9980 -l "$TEST_TMP/exporter.socket" \
		"$EXPORTER" --socket "$SOCKET" >"$TEST_TMP/exporter.log" 2>&1 </dev/null &
	EXPORTER_PID=$!
	eventually get /healthz
	succeeds curl -s -f --unix-socket "$TEST_TMP/exporter.socket" http://localhost/healthz
	stop_exporter
}

# the same as of rportctl and rportd: 1 for what is wrong with the command line, 2 for what cannot be done
test_usage() {
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	succeeds "$EXPORTER" --help
	assert_match "$OUT" 'Usage: rport-exporter*--listen*' help
	[ "$(wc -L <<<"$OUT")" -le 80 ] || fail "wider than 80 columns: $OUT"
	succeeds "$EXPORTER" --version
	refused 1 '*nonsense*' "$EXPORTER" nonsense
	refused 1 '*--nonsense*' "$EXPORTER" --nonsense
	refused 1 '*--listen*' "$EXPORTER" --listen
	refused 1 '*ADDRESS:PORT*' "$EXPORTER" --listen nowhere
	refused 1 '*127.0.0.1:0*' "$EXPORTER" --listen 127.0.0.1:0
	refused 1 '*unix:PATH*' "$EXPORTER" --listen unix:
	refused 2 '*cannot listen at 192.0.2.1:9980*' "$EXPORTER" --listen 192.0.2.1:9980
	refused 2 '*cannot listen at unix:/no/such/place*' "$EXPORTER" --listen unix:/no/such/place
}

# exporter_options: all of its help, one a line
exporter_options() {
	"$EXPORTER" --help | grep -oE '^ +(-., )?--[a-z]+' | grep -oE -- '--[a-z]+' | LC_ALL=C sort
}

test_bash_completion() {
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	assert_eq "$(in_bash --)" "$(exporter_options)" 'options'
	assert_eq "$(in_bash --li)" --listen 'an option'
	assert_eq "$(in_bash --listen 127)" 127.0.0.1:9980 'a place'
	assert_eq "$(in_bash --listen = u)" unix:/run/rport-exporter.socket 'a place after "="'
	assert_eq "$(in_bash --socket "$TOP_DIR/READ")" "$TOP_DIR/README.md" 'a file'
}

# in_bash WORD...: what it offers for the last one
in_bash() {
	# shellcheck disable=SC2016 # for the inner shell
	bash --norc -uc '. "$1" && shift && COMP_WORDS=(rport-exporter "$@") COMP_CWORD=$# && _rport_exporter 2>/dev/null &&
		printf "%s\n" "${COMPREPLY[@]}"' bash "$TOP_DIR/completions/bash/rport-exporter" "$@" | LC_ALL=C sort
}

test_zsh_completion() {
	local file=$TOP_DIR/completions/zsh/_rport-exporter
	command -v zsh >/dev/null || skip could 'zsh is missing'
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	assert_eq "$(head -n 1 "$file")" '#compdef rport-exporter' 'first line'
	# shellcheck disable=SC2016 # for zsh
	OUT=$(zsh -fc '_arguments() { print -rl -- "$@" }; . "$1"' zsh "$file")
	assert_eq "$(grep -oE -- '--[a-z]+' <<<"$OUT" | LC_ALL=C sort -u)" "$(exporter_options)" 'options'
}

test_fish_completion() {
	command -v fish >/dev/null || skip could 'fish is missing'
	[ -x "$EXPORTER" ] || skip could 'rport-exporter was not built'
	assert_eq "$(in_fish 'rport-exporter --')" "$(exporter_options)" 'options'
	assert_eq "$(in_fish 'rport-exporter --listen 127')" 127.0.0.1:9980 'a place'
}

# in_fish LINE: what it offers for the last word
in_fish() {
	# shellcheck disable=SC2016 # for fish
	HOME=$TEST_TMP fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$TOP_DIR/completions/fish/rport-exporter.fish" "$1" |
		cut -f 1 | LC_ALL=C sort
}

# a real Prometheus scrapes it, in OpenMetrics, and finds what is there
test_prometheus() {
	local pid
	command -v prometheus >/dev/null || skip could 'prometheus is missing'
	setup
	start_exporter
	cat >"$TEST_TMP/prometheus.yml" <<-END
		global: {scrape_interval: 200ms, scrape_timeout: 200ms}
		rule_files: ['$TOP_DIR/contrib/prometheus/rport.rules.yml']
		scrape_configs:
		  - job_name: rport
		    scrape_interval: 1s
		    scrape_timeout: 1s
		    static_configs: [{targets: ['127.0.0.1:9980']}]
	END
	promtool check config "$TEST_TMP/prometheus.yml" || fail 'the configuration, or the rules'
	nsenter --net=/run/netns/"$HOME_NS" prometheus --config.file="$TEST_TMP/prometheus.yml" \
		--storage.tsdb.path="$TEST_TMP/tsdb" --web.listen-address=127.0.0.1:9090 >"$TEST_TMP/prometheus.log" 2>&1 &
	pid=$!
	eventually query_is 'rport_link_up{link="ab"}' 1
	eventually query_is 'rport_link_up{link="waiting"}' 0
	eventually query_is 'rport_port_transmit_packets_total{link="ab",end="a"} > bool 2' 1
	eventually query_is 'count(rport_port_drops_total{link="ab"})' 12
	eventually query_is 'count(rport_build_info)' 1
	# nothing of a scrape was refused
	query_is 'scrape_samples_scraped > bool 20' 1 || fail 'few samples'
	query_is 'up{job="rport"}' 1 || fail 'the target is not up'
	kill "$pid"
	wait "$pid" || true
	stop_exporter
}

# query_is QUERY VALUE, as a condition
query_is() {
	[ "$(in_ns "$HOME_NS" curl -s -f -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1" |
		jq -r '.data.result[0].value[1]')" = "$2" ]
}

test_rules() {
	command -v promtool >/dev/null || skip could 'promtool is missing (Debian package: prometheus)'
	cd "$TOP_DIR/contrib/prometheus"
	promtool check rules rport.rules.yml || fail 'the rules'
	promtool test rules rport.rules-test.yml || fail 'when they fire'
}

# the dashboard asks for metrics that there are
test_dashboard() {
	local metric
	setup
	succeeds rportctl metrics
	jq -e '.panels | length > 5' "$TOP_DIR/contrib/grafana/rport.json" >/dev/null
	for metric in $(jq -r '.. | .expr? // empty' "$TOP_DIR/contrib/grafana/rport.json" | grep -oE 'rport_[a-z_]+'); do
		assert_match "$OUT" "*# TYPE $metric *" "the dashboard's $metric"
	done
}

run_tests "$@"
