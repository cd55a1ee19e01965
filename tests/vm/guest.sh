# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# What the tests in a virtual machine (vm/run.sh) and those under another systemd (systemd/run.sh) share; sourced.
# Environment: BUILD_DIR, where rportd was built; RESULTS, a file that results are appended to (`pass NAME`, `fail NAME`,
# `skip NAME`); RPORT_VM_CACHE, where the image is kept (default: in BUILD_DIR).

: "${BUILD_DIR:?is not set}"
tests=$(dirname "$(dirname "$(realpath "$0")")")
image=${RPORT_VM_CACHE:-$BUILD_DIR/vm}
tree=
failed=0

# guest_result pass|fail|skip NAME [TEXT]: print a result and note it
# shellcheck disable=SC2034 # for those who source this
guest_result() {
	local -A words=([pass]=ok [fail]='not ok' [skip]=skip)
	echo "${words[$1]} $2${3:+ $3}"
	[ "$1" != fail ] || failed=1
	[ -z "${RESULTS:-}" ] || echo "$1 $2" >>"$RESULTS"
}

# guest_prepare NAME COMMAND...: make the image, and an empty $tree; end with a result for NAME when that cannot be done
guest_prepare() {
	local name=$1 command missing=
	shift
	[ "$(id -u)" = 0 ] || missing=root
	[ "$(uname -m)" = x86_64 ] || missing='an x86_64 machine'
	for command in debootstrap mke2fs "$@"; do
		command -v "$command" >/dev/null || missing=$command
	done
	if [ -n "$missing" ]; then
		guest_result skip "$name" "# needs $missing"
		exit 0
	fi
	if ! "$tests/vm/mkvm.sh" "$image"; then
		guest_result fail "$name" '# the image could not be made'
		exit 1
	fi
	tree=$(mktemp -d) || exit 1
	trap 'rm -rf "$tree"' EXIT
	trap 'kill "$!" 2>/dev/null; wait; exit 1' INT TERM HUP
}

# guest_tree LABEL TEST ENTRY: put programs and the file TEST into $tree, and as ENTRY what runs it there
guest_tree() {
	mkdir -p "$tree"/build/{rportctl,tests/tools} "$tree"/src "$tree/tests/${2%/*}" &&
		cp "$BUILD_DIR/rportd" "$tree/build" &&
		cp "$BUILD_DIR/rportctl/rportctl" "$tree/build/rportctl" &&
		cp "$BUILD_DIR/tests/tools/traffic" "$tree/build/tests/tools" &&
		cp "$tests/../src/org.rportd.Manager.varlink" "$tree/src" &&
		cp "$tests/lib.sh" "$tree/tests" &&
		cp "$tests/$2" "$tree/tests/$2" &&
		printf '#!/bin/sh\nTEST_LABEL=%s exec bash tests/%s\n' "$1" "$2" >"$tree/$3" &&
		chmod 755 "$tree/$3" || exit 1
}

# guest_run LABEL COMMAND...: run the guest, and note the results that it prints
guest_run() {
	local label=$1 line name n=0 bad=0
	shift
	while IFS= read -r line; do
		name=${line#not }
		name=${name#* }
		name=${name%% *}
		case $line in
		'ok '*) guest_result pass "$name" "${line#*"$name "}" ;;
		'not ok '*) guest_result fail "$name" "${line#*"$name "}" && bad=1 ;;
		'skip '*) guest_result skip "$name" "${line#*"$name "}" ;;
		*) echo "$line" && continue ;;
		esac
		n=$((n + 1))
	done < <("$@" 2>&1)
	# a guest that broke down, or that ran nothing, must not pass for a good one
	if ! wait $! && [ $bad = 0 ] || [ $n = 0 ]; then
		guest_result fail "$label.guest" "# ran $n tests and ended badly"
	fi
}
