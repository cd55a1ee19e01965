#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A filesystem that does not answer, beside lib.sh: in the /run of a daemon of start_rportd_with_empty_run.

HANG_PID=''

# mount_hung PATH, as a condition: mount it there, if this machine can; HANG_PID
mount_hung() {
	nsenter --mount --target "$RPORTD_PID" -- "$BUILD_DIR/tests/tools/hang-fs" "$1" &
	HANG_PID=$!
	eventually hangs_or_ended "$1"
	kill -0 "$HANG_PID" 2>/dev/null
}

# hangs_or_ended PATH, as a condition; to look at PATH would hang
hangs_or_ended() {
	grep -q " $1 .* fuse " "/proc/$RPORTD_PID/mountinfo" || ! kill -0 "$HANG_PID"
}

# end_hung: it answers with errors from now on. LeakSanitizer cannot stop a thread that waits for it, and so never ends
end_hung() {
	{
		kill "$HANG_PID"
		wait "$HANG_PID" || true
	} 2>/dev/null
}
