#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The floors of the source tree: a file includes headers of its own folder and of the folders below it, and what rportd itself runs
# on knows nothing of netlink and namespaces, which are the affair of rportd-net (src/network). Prints each include that runs up, and each circle of headers or of files (x.c with x.h and x-private.h) in a folder; fails when there is one. The files of
# src/varlink are one topic, a connection and its calls, and may know each other.

set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

# lowest first; folders with the same number do not include each other
FLOORS='base=0 varlink=1 kernel=1 datapath=2 store=3 port=3 network=4 config=4 manager=5 api=6 daemon=7'

includes() {
	find src -name '*.[ch]' -path 'src/*/*' | sort | xargs grep -HoE '^#include "[a-z]+/[^"]+"' | sed 's/:#include "/ src\//; s/"$//'
}

runs_up() {
	awk -v floors="$FLOORS" '
	BEGIN { n = split(floors, list, " "); for (i = 1; i <= n; i++) { split(list[i], f, "="); floor[f[1]] = f[2] } }
	{
		split($1, from, "/"); split($2, to, "/")
		if (from[2] == to[2]) next
		if (!(from[2] in floor)) { print $1 ": folder " from[2] " has no floor"; next }
		if (!(to[2] in floor)) { print $1 " includes " $2 ", whose folder has no floor"; next }
		if (floor[to[2]] >= floor[from[2]]) print $1 " includes " $2 ", which is not below it"
	}'
}

# of src/kernel rportd has what starts processes, again if need be, and speaks with them
policy_reaches_kernel() {
	grep -E '^src/(store|config|manager|api|daemon)/.* src/kernel/' | grep -vE ' src/kernel/(starter|restart|packet)\.h$' | sed 's/ / includes /'
}

circles() {
	grep '\.h ' | tsort 2>&1 >/dev/null | sed 's/^tsort: //'
}

# each x.c with its headers as one
files() {
	sed -E 's/\.[ch] / /; s/\.h$//; s/-private//g' | awk '$1 != $2 && $1 !~ /^src\/varlink\//' | sort -u
}

file_circles() {
	files | tsort 2>&1 >/dev/null | sed 's/^tsort: //'
}

bad=$(
	includes | runs_up
	includes | policy_reaches_kernel
	includes | circles
	includes | file_circles
)
[ -z "$bad" ] || {
	echo "$bad"
	exit 1
}
