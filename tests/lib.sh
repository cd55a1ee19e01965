#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# What the tests share, from the files in lib/, each of which has one subject. A test file sources this one, defines functions test_*
# and ends in `run_tests "$@"`. Each test runs as a process of its own, with errexit, in a temporary directory, with namespaces and a
# daemon of its own; whatever happens, they are gone afterwards. A result is a line: `ok NAME (1.2s)`, `not ok NAME (1.2s)` with the log, `skip NAME # reason`.
#
#   tests/netns/20-pair.sh                  all tests of the file
#   tests/netns/20-pair.sh test_mtu ...     some of them
#
# Environment: BUILD_DIR, where rportd was built (default: build/); RPORTCTL, if another than the one there; TRAFFIC, the tool, if another than the one there;
# DATAPATH, WORKERS, SECCOMP and FAST_PATH, others than rportd would choose; RESULTS, a file that results are appended to; TEST_LABEL, put before names; LOGS, a
# directory in which all files of failed tests are kept (failed/NAME); VERBOSE=1 prints logs of good tests too.

TESTS_DIR=$(realpath "${BASH_SOURCE[0]%/*}")
TOP_DIR=${TESTS_DIR%/*}
BUILD_DIR=$(realpath "${BUILD_DIR:-$TOP_DIR/build}")
RPORTD=$BUILD_DIR/rportd
RPORTCTL=$(realpath "${RPORTCTL:-$BUILD_DIR/rportctl/rportctl}")
TRAFFIC=${TRAFFIC:-$BUILD_DIR/tests/tools/traffic}
TEST_SECONDS=${TEST_SECONDS:-60} # one test may take so long
DATAPATH=${DATAPATH:-auto}       # of rportd
SECCOMP=${SECCOMP:-kill}         # of rportd: a system call that its filter does not have ends it, and so the test
LIMIT_FACTOR=${LIMIT_FACTOR:-1}  # of times that are promised: more than 1 where the machine, or the build, is slow
STEP_MS=${STEP_MS:-10000}        # what is expected to happen "soon" may take so long
FAST_MTU=16000                    # the largest with which the fast path is taken between namespaces
SKIPPED=77
export BUILD_DIR TRAFFIC RPORTCTL
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export LC_ALL=C.UTF-8

# set by ns_add
A='' B='' C='' D='' HOME_NS=''
# set by start_rportd
RPORTD_PID='' RPORTD_LOG='' SOCKET=''
# set by start_kept_rportd of keeper.sh
KEEPER_PID=''
# set by run
RC='' OUT='' ERR=''

# jq [OPTION...] FILTER [FILE...]: jq 1.6 compiles its library whenever it starts, for 35 ms of CPU time, and gojq in no time.
# It has no -S, as it sorts keys anyway.
if command -v gojq >/dev/null; then
	jq() {
		case " $* " in
		*' -S '* | *' -cS '*) command jq "$@" ;;
		*) gojq "$@" ;;
		esac
	}
fi

. "${BASH_SOURCE[0]%/*}/lib/checks.sh"
. "${BASH_SOURCE[0]%/*}/lib/time.sh"
. "${BASH_SOURCE[0]%/*}/lib/namespaces.sh"
. "${BASH_SOURCE[0]%/*}/lib/daemon.sh"
. "${BASH_SOURCE[0]%/*}/lib/links.sh"
. "${BASH_SOURCE[0]%/*}/lib/traffic.sh"
. "${BASH_SOURCE[0]%/*}/lib/runner.sh"
