import { scaleOf } from './scale.js';
import { escaped, numeral, svgPage } from './svg.js';

export interface Bar {
  readonly name: string;
  readonly value: number;
}

const rowHeight = 26;
const nameWidth = 300;
const barWidth = 420;
const valueWidth = 90;
const top = 40;

/**
 * Bars beside each other as an SVG that reads on light and on dark pages, on a scale of powers of
 * ten where they differ by orders of magnitude.
 *
 * @param unit what the bars are lengths of
 */
export function barChart(
  title: string,
  unit: string,
  digits: number,
  bars: readonly Bar[],
): string {
  const scale = scaleOf(bars.map(({ value }) => value));
  const base = top + bars.length * rowHeight;
  const heading = scale.kind === 'logarithmic' ? `${unit}, logarithmic scale` : unit;
  const body = [
    `<text x="${nameWidth}" y="22" class="title">${escaped(heading)}</text>`,
    ...scale.ticks.map((tick) => tickLine(tick, scale.at(tick), base)),
    ...bars.map(({ name, value }, index) => {
      const y = top + index * rowHeight;
      const label = `<text x="${nameWidth - 10}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`;
      const length = scale.at(value) * barWidth;
      return `${label}
<rect x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2"/>
<text x="${(nameWidth + length + 8).toFixed(1)}" y="${y + 14}">${numeral(value, digits, digits)}</text>`;
    }),
  ];
  return svgPage(title, nameWidth + barWidth + valueWidth, base + 24, body.join('\n'));
}

function tickLine(value: number, share: number, base: number): string {
  const x = (nameWidth + share * barWidth).toFixed(1);
  return `<line x1="${x}" x2="${x}" y1="${top - 6}" y2="${base}"/>
<text class="small" x="${x}" y="${base + 14}" text-anchor="middle">${numeral(value, 4)}</text>`;
}
