/** A line chart with a logarithmic axis, as an SVG file that is readable on light and dark pages. */

/** One line: a name, and a value per position on the x axis. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly x: readonly number[];
  readonly series: readonly Series[];
  /** For values that span magnitudes; otherwise the axis begins at 0. */
  readonly logarithmic?: boolean;
}

const width = 460;
const height = 340;
const inner = { left: 58, right: width - 96, top: 44, bottom: height - 46 };
// Distinguishable with colour blindness, and by the names at the ends of the lines.
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b08500"];

/** The panels side by side. */
export function plot(panels: readonly Panel[], caption: string): string {
  const total = width * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height + 24}" font-family="sans-serif" font-size="12" fill="#24292f">`,
    `<title>${escaped(panels.map(({ title }) => title).join("; "))}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...panels.map(
      (panel, index) => `<g transform="translate(${index * width} 0)">${drawn(panel)}</g>`,
    ),
    `<text x="${total / 2}" y="${height + 12}" text-anchor="middle" fill="#57606a">${escaped(caption)}</text>`,
    "</svg>\n",
  ].join("\n");
}

function drawn({ title, x, series, logarithmic = false }: Panel): string {
  const all = series.flatMap(({ values }) => values);
  const scale = logarithmic ? logarithmicScale(all) : linearScale(all);
  const across = (value: number) => {
    const [first = 1, last = 10] = [x[0], x.at(-1)];
    return (
      inner.left + (Math.log(value / first) / Math.log(last / first)) * (inner.right - inner.left)
    );
  };
  const up = (value: number) => inner.bottom - scale.share(value) * (inner.bottom - inner.top);
  const lines = series.map(({ values }, index) => {
    const points = values.map((value, at) => `${round(across(x[at] ?? 1))},${round(up(value))}`);
    const colour = colours[index % colours.length];
    const dots = points.map((point) => {
      const [cx, cy] = point.split(",");
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
    });
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}`;
  });
  const ends = apart(series.map(({ values }) => up(values.at(-1) ?? 0)));
  return [
    `<text x="${inner.left}" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...scale.ticks.map(
      (tick) =>
        `<path d="M${inner.left} ${round(up(tick))}H${inner.right}" stroke="#d0d7de"/>` +
        `<text x="${inner.left - 8}" y="${round(up(tick) + 4)}" text-anchor="end">${tick.toLocaleString("en")}</text>`,
    ),
    ...x.map(
      (value) =>
        `<text x="${round(across(value))}" y="${inner.bottom + 18}" text-anchor="middle">${value.toLocaleString("en")}</text>`,
    ),
    `<text x="${(inner.left + inner.right) / 2}" y="${inner.bottom + 36}" text-anchor="middle">items</text>`,
    ...lines,
    ...series.map(
      ({ name }, index) =>
        `<text x="${inner.right + 10}" y="${round((ends[index] ?? 0) + 4)}" fill="${colours[index % colours.length]}">${escaped(name)}</text>`,
    ),
  ].join("\n");
}

interface Scale {
  readonly ticks: readonly number[];
  /** The position of a value, from 0 at the bottom to 1 at the top. */
  share(value: number): number;
}

function linearScale(values: readonly number[]): Scale {
  const largest = Math.max(...values);
  const magnitude = 10 ** Math.floor(Math.log10(largest));
  const step = [0.2, 0.5, 1, 2].map((part) => part * magnitude).find((one) => largest / one <= 6);
  const top = Math.ceil(largest / (step ?? magnitude));
  return {
    ticks: Array.from({ length: top + 1 }, (_, index) => index * (step ?? magnitude)),
    share: (value) => value / (top * (step ?? magnitude)),
  };
}

function logarithmicScale(values: readonly number[]): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    share: (value) => (Math.log10(value) - low) / (high - low),
  };
}

/** Names at the ends of neighbouring lines are moved apart until they are readable. */
function apart(heights: readonly number[]): number[] {
  const line = 14;
  const moved = [...heights];
  const order = heights
    .map((_, index) => index)
    .sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  for (const [place, index] of order.entries()) {
    const above = order[place - 1];
    if (above === undefined) continue;
    moved[index] = Math.max(moved[index] ?? 0, (moved[above] ?? 0) + line);
  }
  return moved;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
