#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for those who source this
#
# What the tests in virtual machines (vm/run.sh) and those under another systemd (systemd/run.sh) share: another Debian, and
# the running of test files there; sourced. Environment: that of lib.sh; RPORT_VM_CACHE, a directory where the image is kept
# (default: BUILD_DIR/vm).

. "${BASH_SOURCE[0]%/*}/../lib.sh"

IMAGE=${RPORT_VM_CACHE:-$BUILD_DIR/vm}
TREE='' # what the guest gets
FAILED=0
unset TEST_LABEL # guest_test says where a test ran

# guest_skip CLASS NAME REASON: end without a result; for CLASS see skip
guest_skip() {
	if [ "$1" = could ] && [ "${CI:-}" = true ]; then
		result 'not ok' "$2" " # must run under CI: $3"
		exit 1
	fi
	result skip "$2" " # $3"
	exit 0
}

# guest_prepare NAME COMMAND...: the image, and a tree with the programs and the tests; NAME stands for all tests when that
# is not possible
guest_prepare() {
	local name=$1 command
	shift
	[ "$(id -u)" = 0 ] || guest_skip could "$name" 'needs root'
	[ "$(uname -m)" = x86_64 ] || guest_skip cannot "$name" 'the image is for x86_64'
	for command in debootstrap mke2fs "$@"; do
		command -v "$command" >/dev/null || guest_skip could "$name" "$command is missing"
	done
	if ! "$TESTS_DIR/vm/mkvm.sh" "$IMAGE"; then
		result 'not ok' "$name.image" ' # could not be made'
		exit 1
	fi
	TREE=$(mktemp -d "${TMPDIR:-/tmp}/rport-tree.XXXXXX") || exit 1
	trap 'rm -rf "$TREE"' EXIT
	trap 'kill "$!" 2>/dev/null; wait; exit 130' INT TERM HUP
	mkdir -p "$TREE"/{build/{plugins,rportctl,tests/{tools,unit}},docs,src/{api,base},tests/{lib,netns,vm,systemd,routing}} &&
		cp "$RPORTD" "$TREE/build" &&
		cp "$BUILD_DIR/rportctl/rportctl" "$TREE/build/rportctl" &&
		cp "$BUILD_DIR"/plugins/{rport,rport-cni} "$TREE/build/plugins" &&
		cp "$TRAFFIC" "${TRAFFIC%/*}"/{hold-thread,fdkeeper} "$TREE/build/tests/tools" &&
		cp "$TOP_DIR/src/api/org.rportd.Manager.varlink" "$TREE/src/api" &&
		cp "$TOP_DIR/src/base/messages.h" "$TREE/src/base" &&
		cp -r "$TOP_DIR"/{README.md,contrib} "$TREE" &&
		cp "$TOP_DIR"/docs/{route-leaking,cookbook}.md "$TREE/docs" &&
		cp "$TESTS_DIR"/{lib,ports,drift,keeper,fast,vrfs,hung,readme,containers,cni,check}.sh "$TREE/tests" &&
		cp "$TESTS_DIR"/lib/*.sh "$TREE/tests/lib" &&
		cp "$TESTS_DIR"/netns/*.sh "$TREE/tests/netns" &&
		cp "$TESTS_DIR"/routing/*.sh "$TREE/tests/routing" &&
		cp "$TESTS_DIR"/vm/*.sh "$TREE/tests/vm" &&
		cp "$TESTS_DIR"/systemd/*.sh "$TREE/tests/systemd" || exit 1
}

# guest_install: what `make install` installs, in the tree's install/
guest_install() {
	make -s -C "$BUILD_DIR" install DESTDIR="$TREE/install" >/dev/null || exit 1
}

# guest_script FILE LABEL: FILE of the tree runs the tests that are added to it by guest_test
guest_script() {
	SCRIPT=$TREE/$1
	cat >"$SCRIPT" <<-END
		#!/bin/sh
		export CI=${CI:-} TEST_LABEL=$2 BUILD_DIR=\$PWD/build
		# it may be an emulated machine, and not the only one
		export TEST_SECONDS=300 STEP_MS=60000 LIMIT_FACTOR=10
		# of the examples, those that no container runs
		export README_ONLY='vrf netavark'
		status=0
		trap 'exit \$status' EXIT
	END
	chmod 755 "$SCRIPT"
}

# guest_test FILE [TEST...]: all tests of a file, or some
guest_test() {
	echo "bash tests/$* || status=1" >>"$SCRIPT"
}

# guest_unit NAME: a unit program, as one test, with what it needs of libraries that the image does not have
guest_unit() {
	local program=$BUILD_DIR/tests/unit/$1
	cp "$program" "$TREE/build/tests/unit" || exit 1
	ldd "$program" | awk '$1 ~ /^lib(check|subunit)/ { print $3 }' | xargs -r cp -t "$TREE/build/tests/unit" || exit 1
	cat >>"$SCRIPT" <<-END
		if LD_LIBRARY_PATH=build/tests/unit build/tests/unit/$1; then
			echo "ok \$TEST_LABEL.unit.$1"
		else
			echo "not ok \$TEST_LABEL.unit.$1"
			status=1
		fi
	END
}

# guest_run NAME COMMAND...: run the guest, print what it prints, note its results
guest_run() {
	local name=$1 line test n=0 bad=0
	shift
	while IFS= read -r line; do
		echo "$line"
		test=${line#not }
		test=${test#* }
		case $line in
		'ok '* | 'skip '*) test="${line%% *} ${test%% *}" ;;
		'not ok '*) test="not ok ${test%% *}" bad=1 ;;
		*) continue ;;
		esac
		n=$((n + 1))
		[ -z "${RESULTS:-}" ] || echo "$test" >>"$RESULTS"
	done < <(exec "$@" 2>&1)
	# one that broke down, or that ran nothing, must not pass for a good one
	if { ! wait $! && [ $bad = 0 ]; } || [ $n = 0 ]; then
		result 'not ok' "$name" " # broke down after $n tests"
		bad=1
	fi
	[ $bad = 0 ] || FAILED=1
}
