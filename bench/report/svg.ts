/** As much SVG as a few plain plots need. */

export interface Point {
  x: number;
  y: number;
}

export interface Series {
  name: string;
  points: Point[];
}

export interface Axis {
  label: string;
  from: number;
  to: number;
  ticks: number[];
  logarithmic?: boolean;
  format?: (value: number) => string;
}

const colours = ['#0f766e', '#b45309', '#6d28d9', '#475569', '#be123c', '#1d4ed8', '#65a30d', '#a21caf'];
const font = 'font-family="system-ui, sans-serif"';
const plot = { left: 70, top: 50, width: 620, height: 300 };

export const colourOf = (index: number): string => colours[index % colours.length] as string;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const round = (value: number) => Number(value.toFixed(1));

export function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="12" fill="#334155" ${more}>${escaped(content)}</text>`;
}

/** White behind it: it has to be readable on a dark page too. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ${font} role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600" fill="#0f172a">${escaped(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function position(axis: Axis, value: number): number {
  const scale = axis.logarithmic ? Math.log : (plain: number) => plain;
  const share = (scale(value) - scale(axis.from)) / (scale(axis.to) - scale(axis.from));
  return Math.min(1, Math.max(0, share));
}

export function lineChart(title: string, x: Axis, y: Axis, series: readonly Series[]): string {
  const atX = (value: number) => plot.left + position(x, value) * plot.width;
  const atY = (value: number) => plot.top + (1 - position(y, value)) * plot.height;
  const bottom = plot.top + plot.height;
  const grid = [
    ...y.ticks.flatMap((tick) => [
      `<path d="M${plot.left} ${round(atY(tick))}h${plot.width}" stroke="#e2e8f0"/>`,
      text(plot.left - 8, atY(tick) + 4, (y.format ?? String)(tick), 'text-anchor="end"'),
    ]),
    ...x.ticks.flatMap((tick) => [
      `<path d="M${round(atX(tick))} ${plot.top}v${plot.height}" stroke="#e2e8f0"/>`,
      text(atX(tick), bottom + 18, (x.format ?? String)(tick), 'text-anchor="middle"'),
    ]),
    text(plot.left + plot.width / 2, bottom + 38, x.label, 'text-anchor="middle"'),
    text(16, plot.top - 8, y.label),
  ];
  const lines = series.map(({ points }, index) => {
    const path = points.map((point) => `${round(atX(point.x))} ${round(atY(point.y))}`).join('L');
    return `<path d="M${path}" fill="none" stroke="${colourOf(index)}" stroke-width="2"/>`;
  });
  const legend = series.flatMap(({ name }, index) => {
    const top = bottom + 56 + index * 18;
    return [
      `<rect x="${plot.left}" y="${top}" width="12" height="12" fill="${colourOf(index)}"/>`,
      text(plot.left + 20, top + 10, name),
    ];
  });
  return picture(720, bottom + 66 + series.length * 18, title, [...grid, ...lines, ...legend]);
}

export interface Bar {
  name: string;
  value: number;
  /** Written behind the bar. */
  label: string;
  colour: string;
}

/** Groups of bars below each other, each group with a scale of its own. */
export function barChart(title: string, groups: readonly { name: string; bars: readonly Bar[] }[]): string {
  const parts: string[] = [];
  let top = 50;
  for (const { name, bars } of groups) {
    parts.push(text(16, top + 4, name, 'font-weight="600"'));
    top += 16;
    const largest = Math.max(...bars.map(({ value }) => value));
    for (const bar of bars) {
      const width = Math.max(1, (bar.value / largest) * 320);
      parts.push(
        text(236, top + 12, bar.name, 'text-anchor="end"'),
        `<rect x="244" y="${top}" width="${round(width)}" height="16" fill="${bar.colour}"/>`,
        text(250 + width, top + 12, bar.label),
      );
      top += 22;
    }
    top += 24;
  }
  return picture(720, top, title, parts);
}
