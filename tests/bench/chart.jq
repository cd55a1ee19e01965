# SPDX-License-Identifier: ISC
# results.json as a picture: a bar for each ratio, its spread as a line. SVG of nothing but rectangles, lines and text.

def colours: ["#9e9e9e", "#e08a3c", "#c9b458", "#1f6fb4", "#12486f", "#5aa2d8", "#7fb77e"];
def escaped: gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;");
def longest: 4; # the ratio at which bars are cut, lest one that is bad hide what the others are
def two: . * 100 | round / 100;
def pixels($scale): [., longest] | min * $scale | two;

def left: 190;      # of the bars
def full: 470;      # pixels of the longest bar
def bar: 13;        # pixels that each bar takes
def written: to_entries | map(" \(.key)=\"\(.value)\"") | join("");
def element($name; $attributes): "<\($name)\($attributes | written)/>";
def caption($x; $y; $attributes): "<text\({x: $x, y: $y} + $attributes | written)>\(. | escaped)</text>";

# of a result
def bar_of($rival; $index; $y; $scale):
	(left + (.ratio.min | pixels($scale))) as $from
	| (left + (.ratio.max | pixels($scale))) as $to
	| element("rect"; {x: left, y: $y, width: (.ratio.median | pixels($scale)), height: (bar - 3), fill: colours[$index % (colours | length)]}),
	  element("line"; {x1: $from, x2: $to, y1: ($y + bar / 2 - 1.5), y2: ($y + bar / 2 - 1.5), stroke: "#222", "stroke-width": 1.5}),
	  ("\($rival) \(.ratio.median | two)" | caption($to + 6; $y + bar - 4; {"font-size": 10}));

# lays out what is below each other: gives {y, out}
def put($lines; $height): .out += $lines | .y += $height;

def bars($case; $rivals; $y; $scale):
	[$rivals | to_entries[] | select($case.rivals[.value].ratio)] | to_entries[]
	| .value as $s | .key as $row
	| $case.rivals[$s.value] | bar_of($s.value; $s.key; $y + $row * bar; $scale);

def rows($case; $rivals): [$rivals[] | select($case.rivals[.].ratio)] | length;

def metric($metric; $rivals):
	(full / ([[$metric.cases[].rivals[] | .ratio.max // 0, 1] | max, longest] | min)) as $scale
	| .y as $y
	| put([("\($metric.title): ratio to \($metric.base), \($metric.better) is better" | caption(10; $y + 16; {"font-size": 14, "font-weight": "bold"}))]; 28)
	| .y as $top
	| reduce $metric.cases[] as $case (.;
		.y as $y | (rows($case; $rivals) * bar) as $height
		| put([($case.title | caption(left - 10; $y + $height / 2 + 2; {"font-size": 12, "text-anchor": "end"})),
			bars($case; $rivals; $y; $scale)]; $height + 8))
	| .y as $bottom
	| put([element("line"; {x1: (left + $scale | two), x2: (left + $scale | two), y1: ($top - 4), y2: ($bottom - 4),
		stroke: "#b00", "stroke-dasharray": "4 3"})]; 10);

. as $results
| reduce .summary[] as $metric ({y: 46, out: []};
	if [$metric.cases[] | rows(.; $results.rivals)] | add > 0 then metric($metric; $results.rivals) else . end)
| .y as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"\($height)\" viewBox=\"0 0 860 \($height)\" font-family=\"sans-serif\">",
  element("rect"; {width: "100%", height: "100%", fill: "white"}),
  ("\($results.machine.cpus) CPUs, \($results.machine.kernel), \($results.machine.rport), BENCH=\($results.bench), \($results.rounds) rounds, bars are cut at \(longest)"
	| caption(10; 22; {"font-size": 12})),
  .out[],
  "</svg>"
