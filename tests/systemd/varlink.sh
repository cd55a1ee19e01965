#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The daemon's interface as systemd's own Varlink client sees it. systemd/run.sh runs this under systemd 257.

. "${BASH_SOURCE[0]%/*}/../lib.sh"

INTERFACE=org.rportd.Manager
IDL=$TOP_DIR/src/api/$INTERFACE.varlink

# A daemon, and two namespaces
setup() {
	command -v varlinkctl >/dev/null || skip could 'varlinkctl is missing (systemd 256 has it)'
	ns_add A B
	start_rportd
}

# call METHOD PARAMETERS: the reply in OUT
call() {
	succeeds varlinkctl -j call "$SOCKET" "$INTERFACE.$1" "$2"
}

# call_fails ERROR GLOB METHOD PARAMETERS: refused with that error, and a message like that
call_fails() {
	run varlinkctl -j call "$SOCKET" "$INTERFACE.$3" "$4"
	[ "$RC" != 0 ] || fail "$3 should have failed: $OUT"
	assert_match "$ERR$OUT" "*$1*" "error of $3"
	assert_match "$ERR$OUT" "$2" "message of $3"
}

# pair_parameters [JSON]: of a link between A and B; the members of the object JSON are added
pair_parameters() {
	local more=${1:-}
	jq -cn --arg a "netns:$A" --arg b "netns:$B" \
		'{a: {domain: $a, addresses: [{address: "192.168.0.0", peer: "192.168.0.1"}]},
		  b: {domain: $b, addresses: [{address: "192.168.0.1", peer: "192.168.0.0"}]},
		  name: "blue"} + ($more | fromjson? // {})' --arg more "$more"
}

test_info() {
	setup
	succeeds varlinkctl -j info "$SOCKET"
	assert_json "$OUT" '(.interfaces | sort) == ["org.rportd.Manager", "org.varlink.service"]'
	assert_json "$OUT" '[.vendor, .product, .version, .url] | all(type == "string" and length > 0)'
	succeeds varlinkctl list-interfaces "$SOCKET"
	assert_match "$OUT" "*$INTERFACE*" 'list of interfaces'
}

test_introspect() {
	setup
	# varlinkctl parses what it prints
	succeeds varlinkctl introspect "$SOCKET" "$INTERFACE"
	for word in 'interface org.rportd.Manager' 'method Pair' 'method Unpair' 'method List' 'method Show' \
		'error LinkNotFound'; do
		assert_match "$OUT" "*$word*" 'interface description'
	done
	succeeds varlinkctl introspect "$SOCKET" org.varlink.service
	assert_match "$OUT" '*method GetInterfaceDescription*' 'the standard interface'
	succeeds varlinkctl list-methods "$SOCKET"
	for word in Pair Unpair List Show; do
		assert_match "$OUT" "*$INTERFACE.$word*" 'methods'
	done
	refused 1 '*' varlinkctl introspect "$SOCKET" org.rportd.Nothing
}

test_valid_interface() {
	setup
	succeeds varlinkctl validate-idl "$IDL"
	# what is served is the file
	succeeds varlinkctl -j call "$SOCKET" org.varlink.service.GetInterfaceDescription "{\"interface\": \"$INTERFACE\"}"
	assert_eq "$(jq -r .description <<<"$OUT")" "$(cat "$IDL")" 'interface description'
}

test_calls() {
	setup
	call List '{}'
	assert_json "$OUT" '. == {links: []}'
	call Pair "$(pair_parameters)"
	assert_json "$OUT" '.result == "created" and .link.name == "blue" and .link.state == "up"'
	assert_json "$OUT" '.link.mtu == 32768 and (.link.datapath | length > 0)'
	ping_ok "$A" 192.168.0.1
	call Pair "$(pair_parameters)"
	assert_json "$OUT" '.result == "unchanged"'
	call List '{}'
	assert_json "$OUT" '[.links[].name] == ["blue"]'
	call Show '{"name": "blue"}'
	assert_json "$OUT" ".link.a.domain == \"netns:$A\" and .link.b.domain == \"netns:$B\""
	assert_json "$OUT" '.link.a.statistics.packets >= 3 and .link.a.statistics.drops.peerDown == 0'
	call Unpair '{"name": "blue"}'
	assert_json "$OUT" '.name == "blue"'
	assert_no_ports
}

test_errors() {
	setup
	call_fails "$INTERFACE.LinkNotFound" '*blue*' Show '{"name": "blue"}'
	call_fails "$INTERFACE.LinkNotFound" '*blue*' Unpair '{"name": "blue"}'
	call Pair "$(pair_parameters)"
	call_fails "$INTERFACE.LinkExists" '*blue*' Pair "$(pair_parameters '{"mtu": 9000}')"
	call_fails "$INTERFACE.InvalidArgument" '*1279*' Pair "$(pair_parameters '{"name": "red", "mtu": 1279}')"
	call_fails "$INTERFACE.DomainNotFound" '*nowhere*' Pair '{"a": {"domain": "netns:nowhere"}, "b": {"domain": "default"}}'
	call_fails org.varlink.service.MethodNotFound '*' Nothing '{}'
	call_fails org.varlink.service.InvalidParameter '*' Show '{"name": 5}'
	call_fails org.varlink.service.InvalidParameter '*' Show '{}'
	call List '{}'
	assert_json "$OUT" '[.links[].name] == ["blue"]'
}

test_not_permitted() {
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	setup
	succeeds "${nobody[@]}" varlinkctl -j call "$SOCKET" "$INTERFACE.List" '{}'
	run "${nobody[@]}" varlinkctl -j call "$SOCKET" "$INTERFACE.Unpair" '{"name": "blue"}'
	[ "$RC" != 0 ] || fail 'nobody may unpair'
	assert_match "$ERR$OUT" '*org.varlink.service.PermissionDenied*' 'error'
}

# systemd starts it: nothing of what the daemon needs comes from the shell
test_transient_service() {
	local unit=rportd-test-$$
	local socket=/run/$unit/socket
	[ -d /run/systemd/system ] || skip could 'systemd does not run'
	command -v varlinkctl >/dev/null || skip could 'varlinkctl is missing (systemd 256 has it)'
	succeeds systemd-run --quiet --unit="$unit" -p RuntimeMaxSec=60 -p RuntimeDirectory="$unit" "$RPORTD" --socket "$socket"
	eventually varlinkctl call "$socket" "$INTERFACE.List" '{}'
	succeeds systemctl is-active "$unit"
	succeeds systemctl stop "$unit"
	[ ! -e "$socket" ] || fail 'the socket is left'
}

run_tests "$@"
