#!/usr/bin/env python3
# plot.py POINTS OUT.svg TITLE - lines of "machines start_s list_ms get_ms create_ms" as a drawing: machines to the right and milliseconds up, both by powers of ten.
import math, sys

points = [[float(x) for x in line.split()] for line in open(sys.argv[1])]
W, H, L, B, T, R = 760, 460, 70, 60, 50, 170
series = [("begin", "#7f7f7f", lambda p: p[1] * 1000), ("list page of 100", "#1f77b4", lambda p: p[2]), ("get", "#2ca02c", lambda p: p[3]),
          ("create", "#d62728", lambda p: p[4])]
values = [of(p) for _, _, of in series for p in points]
x0 = math.log10(points[0][0])
x1 = max(math.log10(points[-1][0]), x0 + 1)
y0, y1 = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
def x(v): return L + (W - L - R) * (math.log10(v) - x0) / (x1 - x0)
def y(v): return H - B - (H - B - T) * (math.log10(v) - y0) / max(y1 - y0, 1)
out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{W}" height="{H}" font-family="sans-serif" font-size="12">',
       f'<rect width="{W}" height="{H}" fill="white"/>', f'<text x="{L}" y="28" font-size="15">{sys.argv[3]}</text>']
for e in range(y0, y1 + 1):
    at = y(10 ** e)
    out.append(f'<line x1="{L}" x2="{W - R}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
    out.append(f'<text x="{L - 8}" y="{at + 4:.1f}" text-anchor="end">{10 ** e:g} ms</text>')
for p in points:
    at = x(p[0])
    out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{T}" y2="{H - B}" stroke="#eee"/>')
    out.append(f'<text x="{at:.1f}" y="{H - B + 18}" text-anchor="middle">{int(p[0]):,}</text>')
out.append(f'<text x="{(L + W - R) / 2}" y="{H - 16}" text-anchor="middle">machines</text>')
for i, (name, colour, of) in enumerate(series):
    line = " ".join(f"{x(p[0]):.1f},{y(of(p)):.1f}" for p in points)
    out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    out += [f'<circle cx="{x(p[0]):.1f}" cy="{y(of(p)):.1f}" r="3" fill="{colour}"/>' for p in points]
    out.append(f'<rect x="{W - R + 15}" y="{T + 20 * i}" width="12" height="12" fill="{colour}"/>')
    out.append(f'<text x="{W - R + 33}" y="{T + 11 + 20 * i}">{name}</text>')
out.append("</svg>")
with open(sys.argv[2], "w") as f:
    f.write("\n".join(out) + "\n")
