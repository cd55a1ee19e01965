# SPDX-License-Identifier: ISC
#
# From samples to results: medians with their spread, and ratios to another rival within the same round. What is compared with
# veth is what a link does; what is compared with poll is what it costs, for veth costs its sender and receiver only.

def median: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def spread: {median: median, min: min, max: max, n: length};

def metrics: [
	{kind: "tcp", field: "bits_per_second", title: "TCP", unit: "Gb/s", scale: 1e-9, better: "more", base: "veth"},
	{kind: "udp", field: "packets_per_second", title: "UDP, highest rate without loss", unit: "kpps", scale: 1e-3, better: "more", base: "veth"},
	{kind: "rtt", field: "p50_us", title: "round trip, p50", unit: "us", scale: 1, better: "less", base: "veth"},
	{kind: "rtt", field: "p99_us", title: "round trip, p99", unit: "us", scale: 1, better: "less", base: "veth"},
	{kind: "tcp", field: "cpu_seconds_per_gbit", title: "CPU per Gbit", unit: "ms", scale: 1000, better: "less", base: "poll"},
	{kind: "udp", field: "cpu_ns_per_packet", title: "CPU per packet, at its highest rate", unit: "us", scale: 1e-3, better: "less", base: "poll"},
	{kind: "load", field: "cpu_ns_per_packet", title: "CPU per packet, at 50 kpps", unit: "us", scale: 1e-3, better: "less", base: "poll"}
];

def describe:
	split("-") as $part
	| if $part[0] == "tcp" then "\($part[1]) stream\(if $part[1] == "1" then "" else "s" end), MTU \($part[2])"
	  else "\($part[1]) bytes" end;

# of one rival, in one metric and case; null: it has none, or nothing that costs
def result($of_case; $metric; $rival):
	(reduce ($of_case[] | select(.rival == $metric.base)) as $s ({}; .["\($s.round)"] = $s[$metric.field])) as $base
	| [$of_case[] | select(.rival == $rival and ((.[$metric.field] // 0) > 0))] as $own
	| if $own == [] then null else
		([$own[] | .[$metric.field] * $metric.scale] | spread) as $value
		| [$own[] | ($base["\(.round)"] // 0) as $b | select($b > 0) | .[$metric.field] / $b] as $ratios
		| $value + {ratio: (if $ratios == [] then null else ($ratios | spread) end)}
	  end;

def summarize($samples; $rivals):
	[metrics[] as $metric
	| [$samples[] | select(.case | startswith($metric.kind + "-"))] as $of_kind
	| $metric + {cases: [
		(reduce $of_kind[] as $s ([]; if index([$s.case]) then . else . + [$s.case] end))[] as $case
		| [$of_kind[] | select(.case == $case)] as $of_case
		| {$case, title: ($case | describe),
		   rivals: ([$rivals[] | . as $rival | {key: $rival, value: result($of_case; $metric; $rival)}] | from_entries)}]}
	| select(.cases != [])];

def total($samples; $rivals; $field):
	[$rivals[] | . as $rival | {key: $rival, value: ([$samples[] | select(.rival == $rival) | .[$field] // 0] | add)}] | from_entries;

{
	$bench, $machine, $rounds, $seconds, $rivals,
	limits: ($limits[0] // {} | keys | map({key: ., value: (. as $k | [$limits[] | .[$k]] | spread)}) | from_entries),
	summary: summarize($samples; $rivals),
	reordered: total($samples; $rivals; "reordered"),
	duplicated: total($samples; $rivals; "duplicated"),
	failed: [$samples[] | select(.failed) | {round, rival, case}],
	sender_limited: [$samples[] | select(.sender_limits) | {round, rival, case}],
	$samples
}
