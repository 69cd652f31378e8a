import { barChart } from './bar-chart.js';
import type { Findings } from './benchmark.js';
import { histogramChart } from './histogram.js';

/** One picture of a run. */
export interface Chart {
  /** Where it is kept, beside the page that shows it. */
  readonly file: string;
  readonly title: string;
  /** SVG. */
  readonly drawing: string;
}

interface Charted {
  readonly name: string;
  readonly question: string;
  readonly findings: Findings;
}

/**
 * A bar chart for each column that wants one, of the rows that have a value in it, and the
 * histograms.
 */
export function chartsOf({ name, question, findings }: Charted): Chart[] {
  const { columns, rows, histograms = [] } = findings;
  const marked = columns.filter(({ isCharted }) => isCharted);
  const charted = marked.length > 0 ? marked : columns.slice(0, 1);
  const bars = charted.map((column, index) => {
    const at = columns.indexOf(column);
    // A name without a bar would read as nought.
    const values = rows.flatMap((row) => {
      const value = row.values[at] ?? null;
      return value === null ? [] : [{ name: row.name, value }];
    });
    return {
      file: index === 0 ? `${name}.svg` : `${name}-${slug(column.title)}.svg`,
      title: index === 0 ? question : column.title,
      drawing: barChart(question, column.title, column.digits, values),
    };
  });
  const spreads = histograms.map((histogram) => ({
    file: `${name}-${slug(histogram.title)}.svg`,
    title: histogram.title,
    drawing: histogramChart(histogram),
  }));
  return [...bars, ...spreads];
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll('µ', 'u')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
