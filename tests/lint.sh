#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The checks of ./run-tests lint, as functions without arguments. Sourced by run-tests, which sets PLAIN, where the tree was built,
# and JOBS.

c_files() {
	find src rportctl exporter plugins tests -name "$1" -not -name description.h | sort
}

# shell_files: those that are called so, or that begin as one
shell_files() {
	local file
	find . \( -path './build*' -o -path ./.git -o -path ./autom4te.cache -o -path './configure*~' -o -path ./configure \) -prune \
		-o -type f -print0 | sort -z | xargs -0 awk '
		FNR == 1 && (FILENAME ~ /\.sh$/ || FILENAME ~ /^\.\/completions\/bash\// ||
			/^#!.*\/(ba|da)?sh([^a-z]|$)/ || /^#!.*env bash/) { print FILENAME }
		{ nextfile }'
}

lint_format() {
	c_files '*.[ch]' | xargs -P "$JOBS" -n 64 clang-format --dry-run -Werror
}

compile_flags() {
	echo "-std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -I$PLAIN -I$PLAIN/src -Isrc -Irportctl -Iplugins -I."
	pkg-config --cflags libnl-route-3.0 libmnl liburing libsystemd jansson smartcols inih check
}

# The analyzer follows the paths of a function up to a limit; a third of its default finds as much in a third of the time.
# LINT_NODES=225000 is the default.
lint_tidy() {
	local flags
	set -o pipefail
	flags="$(compile_flags | xargs) -Xclang -analyzer-config -Xclang max-nodes=${LINT_NODES:-75000}"
	# shellcheck disable=SC2016 # flags are words, of the inner shell
	c_files '*.c' | xargs -P "$JOBS" -n 4 sh -c 'flags=$1; shift; exec clang-tidy --quiet "$@" -- $flags' sh "$flags" \
		2>&1 | { grep -v 'warnings\? generated' || true; }
}

# it does not see through TAILQ_FOREACH, and so calls much uninitialised; compilers, clang-tidy and valgrind do
lint_cppcheck() {
	c_files '*.c' | xargs cppcheck -q -j "$JOBS" --enable=warning,performance,portability --std=c11 --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=uninitvar \
		-Isrc -I"$PLAIN" -I"$PLAIN/src" -D_GNU_SOURCE -DHAVE_CONFIG_H
}

# stub FILE: what it defines and uses, without what it does; all that the check of a file that sources it depends on
stub() {
	echo '#!/bin/bash'
	grep -oE '^[ 	]*(\.|set) .*' "$1"
	sed -nE 's/^([a-z_0-9]+)\(\).*/\1() { :; }/p' "$1"
	grep -oE '^(declare -A )?[A-Z_][A-Z_0-9]*=' "$1" | sort -u
	grep -oE '\$\{?[A-Za-z_][A-Za-z_0-9]*' "$1" | tr -d '{' | sort -u | sed 's/^/: /'
}

# Many files source the same few, and shellcheck would check these with each of them again: they are checked by themselves, and
# in a copy of the tree the others with stubs of them.
lint_shellcheck() {
	local copy file sourced status=0
	sourced=$(shell_files | xargs sed -nE 's,^[ 	]*\. .*/([a-z-]+\.sh)"?$,/\1,p' | sort -u)
	copy=$(mktemp -d) || return
	shell_files | grep -v -F -e "$sourced" | xargs cp --parents -t "$copy"
	shell_files | grep -F -e "$sourced" | while read -r file; do
		mkdir -p "$copy/${file%/*}"
		stub "$file" >"$copy/$file"
	done
	cp .shellcheckrc "$copy"
	shell_files | grep -F -e "$sourced" | xargs -P "$JOBS" -n 2 shellcheck || status=1
	shell_files | grep -v -F -e "$sourced" | (cd "$copy" && xargs -P "$JOBS" -n 4 shellcheck) || status=1
	rm -rf "$copy"
	return $status
}

lint_licence() {
	{
		c_files '*.[ch]'
		shell_files
	} | xargs awk '
		FNR == 1 { without(); file = FILENAME; found = 0 }
		/SPDX-License-Identifier: ISC/ { found = 1 }
		FNR == 5 { nextfile }
		END { without(); exit bad }
		function without() {
			if (file != "" && !found) {
				print file " has no SPDX line"
				bad = 1
			}
		}'
}

# the programs that units start are not installed here
lint_units() {
	local dir unit name status=0
	dir=$(mktemp -d) || return
	for unit in systemd/*.service.in systemd/*.socket; do
		name=${unit##*/}
		sed -E 's,^(Exec[A-Za-z]*=)[^ ]+,\1/bin/true,' "$unit" >"$dir/${name%.in}"
	done
	systemd-analyze verify --man=no "$dir"/* || status=$?
	rm -rf "$dir"
	return $status
}
