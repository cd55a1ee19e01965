# SPDX-License-Identifier: ISC
# results.json as text: of the rival that the others are compared with the median, of the others ratios with their spread.

def pad($n): tostring | if length < $n then . + " " * ($n - length) else . + " " end;
def round_to($digits): pow(10; $digits) as $p | . * $p | round | . / $p;
def fixed($digits):
	(round_to($digits) | tostring | split(".")) as $part
	| if $digits == 0 then $part[0]
	  else $part[0] + "." + (($part[1] // "") + "0" * $digits)[0:$digits] end;
def figure: if . >= 100 then fixed(0) elif . >= 10 then fixed(1) else fixed(2) end;
def span: "\(.median | fixed(2)) (\(.min | fixed(2))-\(.max | fixed(2)))";

def cell($rival; $metric):
	if . == null then "-"
	elif $rival == $metric.base then "\(.median | figure) \($metric.unit)"
	elif .ratio then .ratio | span
	else "\(.median | figure) \($metric.unit)" end;

# what costs nobody a process of its own is left out where costs are compared, and who was not measured everywhere
def columns($rivals): . as $metric | $rivals
	| map(select(. as $r | ($metric.base == "veth" or $r != "veth") and any($metric.cases[]; .rivals[$r])));

def section($rivals):
	. as $metric | columns($rivals) as $columns
	| "",
	  "\(.title): \(.base) in \(.unit), others as a ratio to it, \(.better) is better (median, and lowest and highest round)",
	  ([("" | pad(22))] + [$columns[] | pad(20)] | join("") | sub(" +$"; "")),
	  (.cases[] | . as $case | [(.title | pad(22))] + [$columns[] as $r | $case.rivals[$r] | cell($r; $metric) | pad(20)]
		| join("") | sub(" +$"; ""));

def counted: to_entries | map(select(.value > 0)) | if . == [] then "none" else map("\(.key) \(.value)") | join(", ") end;
# so many rounds of each
def named: group_by(.case) | map("\(.[0].case) (\(group_by(.rival) | map("\(.[0].rival) \(length)") | join(", ")))") | join(", ");
def one_digit: .median | fixed(1);

.rivals as $rivals
| "\(.machine.cpus) CPUs (\(.machine.cpu)\(if .machine.virtual then ", virtual machine" else "" end)), \(.machine.kernel), "
  + "other load before: \(.machine.busy_percent_before) %, after: \(.machine.busy_percent_after) %; \(.machine.rport)",
  "BENCH=\(.bench): \(.rounds) rounds in \(.seconds) s",
  (.summary[] | section($rivals)),
  "",
  (.limits | "Two-copy limit, one thread: \(.two_copy_gbps | one_digit) Gb/s in frames of 64 KiB "
	+ "(memcpy \(.memcpy_gbps | one_digit), TUN write \(.tun_write_gbps | one_digit), TUN read \(.tun_read_gbps | one_digit)),",
	"  \(.two_copy_64_pps.median / 1000 | round) kpps in frames of 64 bytes "
	+ "(write \(.tun_write_64_ns.median | round) ns, read \(.tun_read_64_ns.median | round) ns)"),
  "Reordered: \(.reordered | counted). Duplicated: \(.duplicated | counted).",
  (select(.failed != []) | "Rounds that failed: \(.failed | named)"),
  (select(.sender_limited != []) | "Rounds limited by the sender, so that the link may do more: \(.sender_limited | named)")
