#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Checks that each function declared in a header has a kernel-doc comment: "name() - summary", "@argument: description" for each
# argument and no other, and "Return:" exactly when it returns something. And that each file opens with a comment on what it is.
# Prints what is missing; fails when something is.
# Usage: tests/kernel-doc.sh [FILE...]

set -u
cd "$(dirname "$0")/.." || exit 1

# The folders that are checked without arguments.
FOLDERS='src rportctl plugins'

if [ $# -gt 0 ]; then
	files=("$@")
else
	# shellcheck disable=SC2086 # a list of folders
	mapfile -t files < <(find $FOLDERS -name '*.[ch]' | sort)
fi

# a comment comes first, after the licence and the guard of a header
opens() {
	awk '
	FNR == 1 || /^[ \t]*$/ || /^#(ifndef|define) [A-Z_0-9]*_H$/ { next }
	{ exit !(/^\/\*/ && !/^\/\*\*/) }' "$1"
}

bad=0
headers=()
for file in "${files[@]}"; do
	opens "$file" || {
		echo "$file: does not open with a comment on what it is"
		bad=1
	}
	[[ $file = *.h ]] && headers+=("$file")
done
[ ${#headers[@]} -gt 0 ] || exit $bad

awk '
function complain(what) { print FILENAME ":" start ": " name "(): " what; bad = 1 }

# the name in one declared argument: "int (*f)(int)" is f, "char buf[static 4]" is buf
function argument_name(text) {
	if (match(text, /\(\*[a-z_0-9]+/))
		return substr(text, RSTART + 2, RLENGTH - 2)
	gsub(/\[[^]]*\]|^[ \t]+|[ \t]+$/, "", text)
	return match(text, /[A-Za-z_][A-Za-z_0-9]*$/) ? substr(text, RSTART) : text
}

# the arguments of declaration, from its first parenthesis, into arguments[1..n]
function split_arguments(text,    i, c, depth, piece) {
	n = 0
	depth = 0
	piece = ""
	for (i = index(text, "("); i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(" && depth++ == 0)
			continue
		if (c == ")" && --depth == 0)
			break
		if (c == "," && depth == 1) {
			arguments[++n] = argument_name(piece)
			piece = ""
		} else {
			piece = piece c
		}
	}
	if (piece !~ /^[ \t]*(void)?[ \t]*$/)
		arguments[++n] = argument_name(piece)
}

function check_arguments(    i, known, rest, found) {
	for (i = 1; i <= n; i++) {
		known[arguments[i]] = 1
		if (arguments[i] != "..." && doc !~ ("\n@" arguments[i] ":[ \t]*[^ \t\n]"))
			complain("@" arguments[i] " is not described")
	}
	rest = doc
	while (match(rest, /\n@[a-z_0-9]+:/)) {
		found = substr(rest, RSTART + 2, RLENGTH - 3)
		if (!(found in known))
			complain("@" found " is not an argument")
		rest = substr(rest, RSTART + RLENGTH)
	}
}

function check_declaration(text,    type) {
	gsub(/_printf_\([^)]*\)|__attribute__\(\(.*\)\)|_unused_/, "", text)
	if (text !~ /^[^={]*\(/ || text ~ /^(typedef |[A-Z_]+\()/)
		return
	match(text, /[a-zA-Z_][a-zA-Z_0-9]*\(/)
	name = substr(text, RSTART, RLENGTH - 1)
	type = substr(text, 1, RSTART - 1)
	gsub(/(static|inline|extern|_Noreturn)[ \t]/, "", type)
	if (doc == "") {
		complain("no description")
		return
	}
	if (doc !~ ("^\n" name "\\(\\) - [^ ]"))
		complain("the description does not begin with \"" name "() - \"")
	split_arguments(text)
	check_arguments()
	if (type ~ /^void[ \t]*$/ && doc ~ /\nReturn:/)
		complain("returns nothing, but the description says what")
	if (type !~ /^void[ \t]*$/ && doc !~ /\nReturn: [^ ]/)
		complain("no \"Return:\"")
	if (doc ~ /\nReturn: [^\n]* or -errno\.\n*$/ && doc !~ /\nReturn: [^\n]*-E[A-Z]/)
		complain("which errno does it return?")
}

function braces(text) { return gsub(/{/, "{", text) - gsub(/}/, "}", text) }

FNR == 1 { depth = 0; doc = declaration = ""; in_doc = in_comment = in_macro = 0 }

in_comment || in_doc {
	if (in_doc && !/^ \*\//) {
		sub(/^ \* ?/, "")
		doc = doc "\n" $0
	}
	if (/\*\//)
		in_comment = in_doc = 0
	next
}
in_macro { in_macro = /\\$/; next }
/^#/ { in_macro = /\\$/; doc = ""; next }
depth > 0 { depth += braces($0); next }
/^\/\*\*/ { doc = ""; in_doc = !/\*\//; next }
/^\/\*/ { doc = ""; in_comment = !/\*\//; next }
declaration == "" && /^[ \t]*$/ { doc = ""; next }
{
	if (declaration == "")
		start = FNR
	gsub(/\/\*.*\*\/|\/\/.*/, "")
	sub(/^[ \t]+/, " ")
	declaration = declaration $0
	if (declaration !~ /[;{]/)
		next
	check_declaration(declaration)
	depth = braces(declaration)
	declaration = doc = ""
}
END { exit bad }
' "${headers[@]}" && exit $bad
