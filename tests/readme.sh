#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Runs the examples of README.md and docs/cookbook.md. Each block marked ```console or ```sh is one test, in network and mount namespaces of its
# own (so the names of the examples can be what they are: red, blue), with an rportd that listens where it does by default.
#
#   ```console    lines that begin with "# " or "$ " are commands; one that ends in a backslash goes on in the next line.
#                 What follows a command is what it prints: "..." in a line stands for anything, a line that is only
#                 "..." for any number of lines. Without such lines the output is not looked at. A command must succeed.
#   ```sh         a script that must succeed
#
# A comment right before a block says what it needs:
#
#   <!-- setup: COMMANDS -->      run these first; they may go over several lines
#   <!-- continue -->             in the namespaces of the block before, after what it did
#   <!-- eventually: REASON -->   a command that fails, or prints something else, is run again until it does
#   <!-- needs: vrf -->           left out where the kernel has no VRFs: tests/vm runs it
#   <!-- needs: podman -->        an image docker.io/library/nginx is there, which does nothing; left out without podman
#   <!-- needs: podnet -->        the same, where podman can make networks
#   <!-- needs: pod -->           the same, where podman can make pods
#   <!-- needs: cni -->           the same, where podman has CNI, as in Debian 12; it finds rport-cni
#   <!-- needs: netavark -->      the same, where podman has plugins of netavark, as in Debian 13, and the kernel has VRFs
#   <!-- needs: docker -->        dockerd runs, and there is an image nginx, which does nothing; left out without docker
#   <!-- needs: lxc -->           there is a container web, which does nothing; left out without LXC
#   <!-- needs: nspawn -->        there is a machine web, in which there is sleep(1); left out without systemd-nspawn
#   <!-- needs: frr -->           FRR may run in the namespaces left and right; left out without FRR
#   <!-- needs: ifupdown -->      left out without ifup
#   <!-- not run: REASON -->      not an example, or one that cannot be tested
#
# README_ONLY=WORDS: those that need one of these only.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/containers.sh"

# split DOCUMENT DIRECTORY: each block into a file NN-LINE.KIND, the comment before it into NN-LINE.note
split() {
	awk -v dir="$2" '
		function flush_block() { close(file); file = "" }
		file != "" && /^```[ \t]*$/ { flush_block(); note = ""; next }
		file != "" { print >file; next }
		other && /^```[ \t]*$/ { other = 0; note = ""; next }
		other { next }
		/^```(console|sh)[ \t]*$/ {
			kind = $0; sub(/^```/, "", kind); sub(/[ \t]*$/, "", kind)
			base = sprintf("%s/%02d-line-%d", dir, ++n, NR)
			file = base "." kind
			printf "" >file
			printf "%s", note >(base ".note"); close(base ".note")
			next
		}
		/^```/ { other = 1; next }
		/^<!--/ { in_note = 1 }
		in_note { note = note $0 "\n"; if (/-->/) in_note = 0; next }
		/^[ \t]*$/ { next }
		{ note = "" }
	' "$1"
}

# note_of FILE KEYWORD: what a comment says under this keyword; status 1: it does not
note_of() {
	local text
	text=$(<"$1")
	[[ $text =~ \<!--[[:space:]]*$2:?(.*) ]] || return 1
	text=${BASH_REMATCH[1]}
	text=${text%%-->*}
	sed '1s/^[[:space:]]*//; s/[[:space:]]*$//' <<<"$text"
}

# matches EXPECTED OUTPUT: line by line, with wildcards
matches() {
	local -a want got
	mapfile -t want <"$1"
	mapfile -t got <"$2"
	match_from 0 0
}

# match_from WANT-INDEX GOT-INDEX, of matches
match_from() {
	local w=$1 g=$2 pattern
	while [ "$w" -lt ${#want[@]} ]; do
		if [ "${want[w]}" = ... ]; then
			for (( ; g <= ${#got[@]}; g++)); do
				! match_from $((w + 1)) "$g" || return 0
			done
			return 1
		fi
		[ "$g" -lt ${#got[@]} ] || return 1
		pattern=${want[w]//\\/\\\\}
		pattern=${pattern//\*/\\*}
		pattern=${pattern//\?/\\?}
		pattern=${pattern//\[/\\[}
		pattern=${pattern//.../*}
		# shellcheck disable=SC2053 # a pattern
		[[ ${got[g]} == $pattern ]] || return 1
		w=$((w + 1)) g=$((g + 1))
	done
	[ "$g" = ${#got[@]} ]
}

# console FILE: run the commands of a block and compare what they print
console() {
	local line command='' more=0 n=0
	while IFS= read -r line || [ -n "$line" ]; do
		if [ $more = 1 ]; then
			command+=$'\n'$line
		elif [[ $line == [#$]' '* ]]; then
			[ -z "$command" ] || one_command
			command=${line:2}
			: >expected
		else
			printf '%s\n' "$line" >>expected
			continue
		fi
		more=0
		[[ $line != *\\ ]] || more=1
	done <"$1"
	[ -z "$command" ] || one_command
	[ $n -gt 0 ] || fail "a block without commands"
}

# of console
one_command() {
	n=$((n + 1))
	echo "# $command"
	until attempt; do
		[ "$(now_ms)" -lt "$RETRY_UNTIL" ] || fail "$WRONG"
		sleep 0.05
	done
	cat output
}

# of one_command: WRONG is what is wrong when it fails
attempt() {
	# not in a subshell: what it sets, and where it goes, is for the next one too
	eval "$command" >output 2>&1 </dev/null || {
		WRONG="status $? of: $command
$(<output)"
		return 1
	}
	if [ -s expected ] && ! matches expected output; then
		WRONG="this printed something else: $command
--- expected
$(<expected)
--- printed
$(<output)"
		return 1
	fi
}

# An /etc/rportd of our own; what else is in /etc is as it was.
own_config() {
	local file
	mkdir /run/etc
	mount --bind /etc /run/etc
	mount -t tmpfs tmpfs /etc
	mkdir /etc/rportd
	for file in /run/etc/*; do
		[ "$file" = /run/etc/rportd ] || ln -s "$file" /etc/
	done
}

# --- what examples need ----------------------------------------------------------------------------------------------

# has_vrf, has_frr and those of containers.sh, as conditions: a block that needs it can be run
has_vrf() {
	unshare -n ip link add probe type vrf table 9 2>/dev/null
}

has_ifupdown() {
	command -v ifup >/dev/null
}

has_frr() {
	[ -x /usr/lib/frr/bgpd ]
}

# prepare_vrf, prepare_frr and those of containers.sh: inside the namespaces
prepare_vrf() {
	:
}

# it gives its scripts a PATH of its own
prepare_ifupdown() {
	mount --bind "$BUILD_DIR/rportctl" /usr/local/bin
}

prepare_frr() {
	rm -f /etc/frr
	mkdir -p /etc/frr/left /etc/frr/right /run/frr
	touch /etc/frr/left/vtysh.conf /etc/frr/right/vtysh.conf
	chown -R frr:frr /etc/frr /run/frr
	chmod 755 .
}

# Inside the namespaces: a /run of its own, the daemon at its default place.
block_main() {
	local dir=$1 file note need setup
	set -Eeuo pipefail
	trap 'echo "FAILED: status $? at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
	unset -f rportctl # the one of lib.sh
	PATH=$BUILD_DIR:$BUILD_DIR/rportctl:$PATH
	mount --make-rprivate /
	mount -t tmpfs tmpfs /run
	mkdir /run/netns /run/rportd
	own_config
	ip link set lo up
	cd "$dir"
	rportd --config-path /etc/rportd >rportd.log 2>&1 </dev/null &
	RPORTD_PID=$!
	poll "$STEP_MS" rportctl -q list || fail "rportd does not answer"
	for file in $(<blocks); do
		echo "--- $file"
		note=${file%.*}.note
		if need=$(note_of "$note" needs); then
			"prepare_$need"
		fi
		if setup=$(note_of "$note" setup); then
			eval "$setup"
		fi
		RETRY_UNTIL=0
		if note_of "$note" eventually >/dev/null; then
			RETRY_UNTIL=$(($(now_ms) + STEP_MS))
		fi
		case $file in
		*.console) console "$file" ;;
		*.sh) eval "$(cat "$file")" </dev/null ;;
		esac
	done
	kill "$RPORTD_PID"
	wait "$RPORTD_PID" || fail "rportd ended with status $?"
}

# block FILE: one test; blocks that continue it are tests of their own, for which all before runs again
block() {
	local file=$1 name need='' note reason started status=0 tmp
	name=$DOCUMENT.${file%.*}
	note=${file%.*}.note
	if reason=$(note_of "$note" 'not run'); then
		[ -n "$reason" ] || fail "$file: 'not run' without a reason"
		return 0
	fi
	if note_of "$note" continue >/dev/null; then
		echo "$file" >>"$BLOCKS/blocks"
	else
		echo "$file" >"$BLOCKS/blocks"
	fi
	need=$(note_of "$note" needs) || need=
	[ -z "${README_ONLY:-}" ] || [[ -n $need && " $README_ONLY " == *" $need "* ]] || return 0
	if [ -n "$need" ] && ! "has_$need"; then
		result skip "$name" " # there is no $need"
		return 0
	fi
	started=$(now_ms)
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/rport-readme.XXXXXX")
	cp "$BLOCKS"/* "$tmp"
	export TEST_TMP=$tmp
	timeout -k 10 "$TEST_SECONDS" unshare --mount --propagation slave --net --pid --fork --kill-child --mount-proc \
		bash "$TESTS_DIR/readme.sh" --block "$tmp" >"$tmp/log" 2>&1 </dev/null || status=$?
	if [ -n "$(sanitizer_complaint "$tmp")" ]; then
		status=1
	fi
	if [ $status = 0 ]; then
		result ok "$name" " ($(seconds_since "$started")s)"
	else
		result 'not ok' "$name" " ($(seconds_since "$started")s)"
		print_log "$tmp"
		FAILED=1
	fi
	rm -rf "$tmp"
}

if [ "${1:-}" = --block ]; then
	block_main "$2"
	exit
fi
[ "$(id -u)" = 0 ] || {
	echo "readme.sh: examples with namespaces need root" >&2
	exit 1
}
FAILED=0
BLOCKS=$(mktemp -d "${TMPDIR:-/tmp}/rport-blocks.XXXXXX")
trap 'rm -rf "$BLOCKS"' EXIT
cd "$BLOCKS" || exit
for document in README.md docs/cookbook.md; do
	DOCUMENT=$(basename "${document,,}" .md)
	rm -f ./*
	split "$TOP_DIR/$document" "$BLOCKS"
	for file in *-line-*.*; do
		case $file in *.console | *.sh) block "$file" ;; esac
	done
done
exit $FAILED
