/** A drawing that reads on light and on dark pages, of text and of shapes of one colour. */
export function svgPage(title: string, width: number, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">
<title>${escaped(title)}</title>
<style>text { font: 13px system-ui, sans-serif; fill: #444 } text.title { font-weight: bold } text.small { font-size: 11px } rect { fill: #3b82c4 }
line { stroke: #888; stroke-opacity: 0.35 } line.mark { stroke: #c2410c; stroke-opacity: 1 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } }</style>
${body}
</svg>
`;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** 1,500 or 0.02: with at most `digits` after the point, and at least `leastDigits`. */
export function numeral(value: number, digits: number, leastDigits = 0): string {
  return value.toLocaleString('en', {
    maximumFractionDigits: digits,
    minimumFractionDigits: leastDigits,
  });
}
