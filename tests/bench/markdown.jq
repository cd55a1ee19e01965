# SPDX-License-Identifier: ISC
# results.json as tables for docs/performance.md: ratios only.

def fixed:
	(. * 100 | round | tostring) as $n | ("0" * ([3 - ($n | length), 0] | max) // "") + $n | .[:-2] + "." + .[-2:];
def span: "\(.median | fixed) (\(.min | fixed) to \(.max | fixed))";
def row: "| " + join(" | ") + " |";

def section($rivals):
	. as $metric | ($rivals | map(select(. as $r | $r != $metric.base and ($metric.base == "veth" or $r != "veth")
		and any($metric.cases[]; .rivals[$r])))) as $columns
	| "**\(.title)**, as a ratio to `\(.base)`; \(.better) is better:",
	  "",
	  ([""] + ($columns | map("`\(.)`")) | row),
	  ("|---|" + "---|" * ($columns | length)),
	  (.cases[] | . as $case | [.title] + ($columns | map($case.rivals[.].ratio | if . then span else "-" end)) | row),
	  "";

def part($n): $n * 100 | round | "\(.) %";

.rivals as $rivals
| (.summary[] | section($rivals)),
  (.limits | "**The two-copy limit**: of the time of both copies, in frames of 64 KiB, the read takes "
	+ "\(part(.two_copy_gbps.median / .tun_read_gbps.median)) and the write \(part(.two_copy_gbps.median / .tun_write_gbps.median)); "
	+ "memcpy() would take \(part(2 * .two_copy_gbps.median / .memcpy_gbps.median)) of it."),
  (. as $r | [.summary[] | select(.field == "bits_per_second") | .cases[] | select(.case | startswith("tcp-1-"))
	| "\(.rivals["uring-batch"] // .rivals.epoll | .median / $r.limits.two_copy_gbps.median | part(.)) (\(.title))"]
	| "One stream over rport's best engine moves, of what that limit would be: \(join(", "))."),
  "",
  "Reordered: \([.reordered[]] | add). Duplicated: \([.duplicated[]] | add)."
