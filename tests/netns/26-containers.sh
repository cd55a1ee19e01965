#!/bin/bash
# SPDX-License-Identifier: ISC
# passes: asan-client
# Containers as domains: what rportctl makes of what their engine says. Engines made of a few lines stand in for podman and docker;
# those themselves run in the examples of README.md.
. "$(dirname "$0")/../lib.sh"

# engine TOOL NAME JSON: from now on TOOL knows this container
engine() {
	mkdir -p bin "containers/$1"
	printf '[%s]' "$3" >"containers/$1/$2"
	cat >"bin/$1" <<-END
		#!/bin/sh
		echo "\$0 \$*" >>"$TEST_TMP/calls"
		case "\$1 \$2 \$3" in
		"inspect --type container")
			cat "$TEST_TMP/containers/$1/\$4" 2>/dev/null && exit
			echo "Error: no such container \$4" >&2
			exit 125 ;;
		"ps --format {{.Names}}") ls "$TEST_TMP/containers/$1" ;;
		esac
	END
	chmod +x "bin/$1"
	PATH=$TEST_TMP/bin:$PATH
}

# says TOOL COMMAND: it is this instead
says() {
	mkdir -p bin
	printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
	chmod +x "bin/$1"
	PATH=$TEST_TMP/bin:$PATH
}

# container MODE PID SANDBOX-KEY: as the engines describe one
container() {
	jq -nc '{State: {Pid: $pid, Running: ($pid > 0)}, HostConfig: {NetworkMode: $mode}, NetworkSettings: {SandboxKey: $key}}' \
		--arg mode "$1" --argjson pid "$2" --arg key "$3"
}

b_of() {
	rportctl -j show "$1" | jq -r .b.domain
}

# pairs WORD DOMAIN: it is this domain
pairs() {
	succeeds rportctl pair default "$1" --name box
	assert_eq "$(b_of box)" "$2" "domain of $1"
	succeeds rportctl unpair box
}

test_where_a_container_is() {
	start_rportd
	ns_add A
	spawn "$A" /dev/null sleep 60
	engine podman bridged "$(container bridge "$SPAWN_PID" "/run/netns/$A")"
	engine podman none "$(container none "$SPAWN_PID" '')"
	engine podman rootless "$(container slirp4netns "$SPAWN_PID" /run/user/1000/netns/netns-1)"
	engine podman own "$(container "ns:/run/netns/$A" 0 '')"
	engine podman shared "$(container container:bridged "$SPAWN_PID" '')"
	engine podman deep "$(container container:shared "$SPAWN_PID" '')"
	engine docker bridged "$(container default "$SPAWN_PID" /var/run/docker/netns/0a1b)"
	pairs podman:bridged "netns:$A"
	pairs podman:none "pid:$SPAWN_PID"
	pairs podman:rootless "pid:$SPAWN_PID"
	pairs podman:own "netns:$A"
	pairs podman:shared "netns:$A"
	pairs podman:deep "netns:$A"
	pairs docker:bridged "pid:$SPAWN_PID"
	succeeds rportctl create wan0 in podman:own
	assert_eq "$OUT" "netns:$A/wan0: created" create
	# without an argument that is not one word
	assert_match "$(sort -u calls)" '*/podman inspect --type container bridged*' calls
}

test_both_ends() {
	start_rportd
	ns_add A B
	engine podman a "$(container "ns:/run/netns/$A" 0 '')"
	engine docker b "$(container "ns:/run/netns/$B" 0 '')"
	succeeds rportctl pair podman:a docker:b --name ab
	assert_match "$OUT" "ab: created, rport0 in netns:$A, rport0 in netns:$B" pair
	succeeds rportctl pair podman:a docker:b --name ab
	assert_match "$OUT" 'ab: unchanged*' 'pair again'
}

test_vrf_in_it() {
	start_rportd
	ns_add A
	engine podman own "$(container "ns:/run/netns/$A" 0 '')"
	engine podman none "$(container none $$ '')"
	refused 3 "*no VRF \"red\" in netns:$A;*" rportctl pair default podman:own/vrf:red
	refused 2 "*has no path in which a VRF could be named*" rportctl pair default podman:none/vrf:red
	refused 1 '*only /vrf:NAME can follow*' rportctl pair default podman:own/red
}

test_refusals() {
	local word
	start_rportd
	engine podman stopped "$(container bridge 0 '')"
	engine podman hosted "$(container host $$ '')"
	engine podman circle "$(container container:circle $$ '')"
	refused 3 '*no container "missing" (podman ps -a shows all)' rportctl pair default podman:missing
	refused 3 '*container stopped is not running (podman start stopped)' rportctl pair default podman:stopped
	refused 2 '*hosted has no network of its own*' rportctl pair default podman:hosted
	# shellcheck disable=SC2016 # it must not be expanded
	for word in podman: podman:--help 'podman:a b' podman:../x 'podman:x$(id)' podman:-x; do
		refused 1 '*is not the name of a container*' rportctl pair default "$word"
	done
	succeeds rportctl pair default podman:circle --name circle
	CONTAINER_HOST=ssh://elsewhere refused 2 '*another machine*' rportctl pair default podman:stopped
	# the daemon runs nothing
	assert_match "$(varlink '{"method":"org.rportd.Manager.Pair","parameters":{"a":{"domain":"default"},"b":{"domain":"podman:x"}}}')" \
		'*only *rportctl pair*know containers*' 'the daemon'
	assert_eq "$(rportctl -j list | jq length)" 1 links
}

test_engines_that_fail() {
	local start
	start_rportd
	mkdir -p empty
	refused 2 '*docker is not installed' env PATH="$TEST_TMP/empty" "$RPORTCTL" --socket "$SOCKET" pair default docker:x
	says docker 'echo "Cannot connect to the Docker daemon" >&2; echo more >&2; exit 1'
	refused 2 '*docker says: Cannot connect to the Docker daemon' rportctl pair default docker:x
	says docker 'printf "\033[31mred" >&2; exit 1'
	refused 2 '*docker says: \\x1b*31mred' rportctl pair default docker:x
	says docker 'exit 1'
	refused 2 '*docker says: nothing' rportctl pair default docker:x
	for answer in '' '[' '[]' '{}' '[1]' '"x"'; do
		says docker "echo '$answer'"
		refused 2 '*what docker prints is not understood' rportctl pair default docker:x
	done
	for answer in '[{}]' '[{"State":1,"HostConfig":[],"NetworkSettings":null}]' '[{"State":{"Pid":"7"}}]' '[{"State":{"Pid":-7}}]'; do
		says docker "echo '$answer'"
		refused 3 '*is not running*' rportctl pair default docker:x
	done
	says docker 'yes'
	refused 2 '*cannot ask docker: Argument list too long' rportctl pair default docker:x
	says docker 'kill -9 $$'
	refused 2 '*cannot ask docker: *' rportctl pair default docker:x
	start=$(now_ms)
	# shellcheck disable=SC2016 # expanded there
	says docker 'exec >&- 2>&-; echo $$ >pid; exec sleep 60'
	refused 2 '*docker has not answered for 10 s' rportctl pair default docker:x
	took_at_most 15000 "$start" || fail "it took $(($(now_ms) - start)) ms"
	! kill -0 "$(<pid)" 2>/dev/null || fail 'it is left'
	assert_no_ports
}

test_completion() {
	start_rportd
	ns_add A
	engine podman web "$(container bridge 0 '')"
	engine podman db "$(container bridge 0 '')"
	assert_eq "$(rportctl complete -- pair podman: | sort | xargs)" 'podman:db podman:web' candidates
	assert_eq "$(rportctl complete -- create in podman:w)" podman:web 'of the begun one'
	says docker 'sleep 60'
	assert_eq "$(rportctl complete -- pair default docker:)" '' 'of an engine that hangs'
	touch file
	mkdir directory
	assert_eq "$(rportctl complete -- pair "netns:$TEST_TMP/fi")" "netns:$TEST_TMP/file" 'a path'
	assert_eq "$(rportctl complete -- pair "netns:$TEST_TMP/di")" "netns:$TEST_TMP/directory/" 'a directory'
}

run_tests "$@"
