import type { Findings } from './benchmark.js';

const rowHeight = 26;
const nameWidth = 300;
const barWidth = 420;
const valueWidth = 90;
const top = 40;

/** A bar for each row's first value, as an SVG that reads on light and on dark pages. */
export function barChart(title: string, { columns, rows }: Findings): string {
  const { title: unit, digits } = columns[0]!;
  const longest = Math.max(...rows.map(({ values }) => values[0]!));
  const width = nameWidth + barWidth + valueWidth;
  const height = top + rows.length * rowHeight + 10;
  const bars = rows.map(({ name, values: [value = 0] }, index) => {
    const y = top + index * rowHeight;
    const length = longest > 0 ? (value / longest) * barWidth : 0;
    return [
      `<text x="${nameWidth - 10}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2"/>`,
      `<text x="${nameWidth + length + 8}" y="${y + 14}">${value.toFixed(digits)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">
<title>${escaped(title)}</title>
<style>text { font: 13px system-ui, sans-serif; fill: #444 } rect { fill: #3b82c4 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } }</style>
<text x="${nameWidth}" y="22" font-weight="bold">${escaped(unit)}</text>
${bars.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
