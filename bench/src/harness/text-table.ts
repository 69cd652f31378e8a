import type { Findings } from './benchmark.js';

/** Names to the left, numbers to the right, then what was aimed at. */
export function textTable({ columns, rows, aims }: Findings): string {
  const cells = [
    ['', ...columns.map(({ title }) => title)],
    ...rows.map(({ name, values }) => [
      name,
      ...columns.map(({ digits }, index) => values[index]?.toFixed(digits) ?? '-'),
    ]),
  ];
  const widths = cells[0]!.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
      .join('   ')
      .trimEnd(),
  );
  const verdicts = aims.map(
    ({ text, measured, isMet }) => `aim ${isMet ? 'met   ' : 'missed'}  ${text}: ${measured}`,
  );
  return [...lines, ...(verdicts.length > 0 ? ['', ...verdicts] : [])].join('\n');
}
