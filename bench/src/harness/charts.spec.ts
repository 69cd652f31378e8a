import { expect, it } from 'vitest';
import { chartsOf } from './charts.js';
import { histogram } from './histogram.js';
import { textTable } from './text-table.js';

const rows = [
  { name: 'a', values: [1, 2, 3] },
  { name: 'b', values: [4, null, 6] },
];
const columns = ['µs a call', 'p99 µs', 'Bytes/entry'].map((title) => ({ title, digits: 0 }));
const files = (findings: Parameters<typeof chartsOf>[0]['findings']) =>
  chartsOf({ name: 'n', question: 'q', findings }).map(({ file }) => file);

it('charts the first column when none asks for it', () => {
  expect(files({ columns, rows, aims: [] })).toEqual(['n.svg']);
});

it('charts each column that asks for it, and each histogram, in files of their own', () => {
  const asking = columns.map((column, index) => ({ ...column, isCharted: index > 0 }));
  const histograms = [histogram('How long it took', 'ms', [1, 2])];
  expect(files({ columns: asking, rows, histograms, aims: [] })).toEqual([
    'n.svg',
    'n-bytes-entry.svg',
    'n-how-long-it-took.svg',
  ]);
});

it('draws no row in the chart of a column that it has no value in', () => {
  const p99 = columns.map((column, index) => ({ ...column, isCharted: index === 1 }));
  const [chart] = chartsOf({
    name: 'n',
    question: 'q',
    findings: { columns: p99, rows, aims: [] },
  });
  expect(chart?.drawing).toContain('>a<');
  expect(chart?.drawing).not.toContain('>b<');
});

it('writes a dash where nothing was measured', () => {
  expect(textTable({ columns, rows, aims: [] }).split('\n').at(-1)).toMatch(/^b +4 +- +6$/);
});
