/** One line of a chart. */
export interface ChartLine {
  readonly label: string;
  /** `[x, y]`, by rising x. */
  readonly points: readonly (readonly [number, number])[];
}

/** What a chart shows. */
export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xLog?: boolean;
  readonly yLog?: boolean;
}

const [width, height] = [860, 420];
const plot = { left: 70, right: 250, top: 46, bottom: 56 };
/** Distinct to most eyes, on white as on black (Okabe and Ito 2008, without black and yellow). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6d31', '#7f7f7f'];

/**
 * A line chart as SVG, readable on light and dark pages: text and axes take the colour of the page's scheme.
 *
 * @example lineChart([{ label: 'gap', points: [[0, 1], [1, 0.5]] }], { title: 'Error', xLabel: 'step', yLabel: 'error' });
 */
export function lineChart(lines: readonly ChartLine[], options: ChartOptions): string {
  const all = lines.flatMap(({ points }) => points);
  const x = axis(
    all.map(([value]) => value),
    options.xLog ?? false,
    [plot.left, width - plot.right],
  );
  const y = axis(
    all.map(([, value]) => value),
    options.yLog ?? false,
    [height - plot.bottom, plot.top],
  );
  const parts = [
    text(width / 2 - 80, 24, options.title, 'middle', 'title'),
    ...x.ticks.map((tick) => rule(x.at(tick), plot.top, x.at(tick), height - plot.bottom)),
    ...y.ticks.map((tick) => rule(plot.left, y.at(tick), width - plot.right, y.at(tick))),
    ...x.ticks.map((tick) => text(x.at(tick), height - plot.bottom + 18, format(tick), 'middle')),
    ...y.ticks.map((tick) => text(plot.left - 8, y.at(tick) + 4, format(tick), 'end')),
    text((plot.left + width - plot.right) / 2, height - 14, options.xLabel, 'middle'),
    `<text class="label" text-anchor="middle" transform="translate(18 ${height / 2}) rotate(-90)">${escape(options.yLabel)}</text>`,
    ...lines.flatMap(({ label, points }, i) => {
      const colour = colours[i % colours.length];
      const dash = i >= colours.length ? ' stroke-dasharray="6 4"' : '';
      const path = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(' ');
      const legendY = plot.top + 12 + 22 * i;
      const legendX = width - plot.right + 16;
      return [
        `<polyline fill="none" stroke="${colour}" stroke-width="2"${dash} points="${path}"/>`,
        `<line x1="${legendX}" y1="${legendY}" x2="${legendX + 22}" y2="${legendY}" stroke="${colour}" stroke-width="3"${dash}/>`,
        text(legendX + 30, legendY + 4, label, 'start'),
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(options.title)}">`,
    '<style>',
    'text { font: 13px system-ui, sans-serif; fill: #333 } .title { font-size: 16px; font-weight: 600 }',
    '.rule { stroke: #999; stroke-opacity: 0.35 }',
    '@media (prefers-color-scheme: dark) { text { fill: #ddd } }',
    '</style>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Maps values to pixels, with round ticks. */
function axis(values: readonly number[], isLog: boolean, [from, to]: readonly [number, number]): Axis {
  const [low, high] = [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  if (isLog) {
    const [bottom, top] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    return {
      ticks: Array.from({ length: top - bottom + 1 }, (_, i) => 10 ** (bottom + i)),
      at: (value) => from + ((Math.log10(value) - bottom) / Math.max(1, top - bottom)) * (to - from),
    };
  }
  const bottom = Math.min(0, low);
  const rough = (high - bottom || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const count = Math.ceil((high - bottom) / step);
  return {
    ticks: Array.from({ length: count + 1 }, (_, i) => bottom + i * step),
    at: (value) => from + ((value - bottom) / (count * step)) * (to - from),
  };
}

function format(value: number): string {
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e6))
    return value.toExponential(0).replace('+', '');
  return String(Number(value.toPrecision(4)));
}

function text(x: number, y: number, content: string, anchor: string, className = 'label'): string {
  return `<text class="${className}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escape(content)}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="rule" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
