import { roundStep } from './scale.js';
import { quantile } from './statistics.js';
import { escaped, numeral, svgPage } from './svg.js';

/** How often which values came. */
export interface Histogram {
  readonly title: string;
  readonly unit: string;
  /** Where the first bin begins, and how wide each is. */
  readonly start: number;
  readonly width: number;
  /** Samples in each bin. The last one also has whatever lay beyond it. */
  readonly counts: readonly number[];
  readonly hasMoreBeyond: boolean;
  /** Values to point out, such as quantiles and the aim. */
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly name: string;
  readonly value: number;
}

const mostBins = 40;

/**
 * Counts samples in bins of one round width, from zero or near the least to a little beyond the
 * 99.5th percentile and the last mark: a few stragglers must not flatten all the others.
 *
 * @throws RangeError without samples
 */
export function histogram(
  title: string,
  unit: string,
  samples: readonly number[],
  marks: readonly Mark[] = [],
): Histogram {
  const least = quantile(samples, 0);
  const most = quantile(samples, 1);
  const usual = quantile(samples, 0.995) * 1.1;
  const end = Math.max(Math.min(most, usual), ...marks.map(({ value }) => value));
  // From zero, unless that left half of the chart empty.
  const from = least < end / 2 ? 0 : least;
  const width = roundStep((end - from) / mostBins);
  const start = Math.floor(from / width) * width;
  const counts = new Array<number>(Math.floor((end - start) / width) + 1).fill(0);
  for (const sample of samples) {
    const bin = Math.max(0, Math.floor((sample - start) / width));
    counts[Math.min(bin, counts.length - 1)]! += 1;
  }
  const hasMoreBeyond = most >= start + counts.length * width;
  return { title, unit, start, width, counts, hasMoreBeyond, marks };
}

const [left, right, top, chartHeight, bottom] = [60, 30, 76, 200, 46];
const chartWidth = 720;

/** A histogram as an SVG that reads on light and on dark pages. */
export function histogramChart(shown: Histogram): string {
  const { title, counts } = shown;
  const highest = Math.max(...counts);
  const barWidth = chartWidth / counts.length;
  const base = top + chartHeight;
  const bars = counts.flatMap((count, index) => {
    if (count === 0) return [];
    // One sample of thousands is a straggler that somebody waited for: it is seen.
    const height = Math.max(2, (count / highest) * chartHeight);
    const x = left + index * barWidth;
    return `<rect x="${x.toFixed(1)}" y="${(base - height).toFixed(1)}" width="${(barWidth - 1).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const body = [
    `<text x="${left}" y="22" class="title">${escaped(title)}</text>`,
    ...countLines(highest),
    ...bars,
    ...valueLabels(shown),
    ...markLines(shown),
  ];
  return svgPage(title, left + chartWidth + right, base + bottom, body.join('\n'));
}

function countLines(highest: number): string[] {
  const step = Math.max(1, roundStep(highest / 4));
  return Array.from({ length: Math.floor(highest / step) + 1 }, (_, index) => {
    const y = (top + chartHeight - ((index * step) / highest) * chartHeight).toFixed(1);
    return `<line x1="${left}" x2="${left + chartWidth}" y1="${y}" y2="${y}"/>
<text class="small" x="${left - 6}" y="${y}" dy="4" text-anchor="end">${numeral(index * step, 0)}</text>`;
  });
}

function valueLabels({ unit, start, width, counts, hasMoreBeyond }: Histogram): string[] {
  const every = Math.ceil(counts.length / 8);
  const y = top + chartHeight + 18;
  const labels = counts.flatMap((_, index) => {
    if (index % every > 0) return [];
    const x = left + (index / counts.length) * chartWidth;
    const value = numeral(start + index * width, 3);
    return `<text class="small" x="${x.toFixed(1)}" y="${y}" text-anchor="middle">${value}</text>`;
  });
  const beyond = hasMoreBeyond ? ', the last bar: and beyond' : '';
  const caption = `<text class="small" x="${left + chartWidth}" y="${y + 18}" text-anchor="end">${escaped(unit)}${beyond}</text>`;
  return [...labels, caption];
}

function markLines({ unit, start, width, counts, marks }: Histogram): string[] {
  const span = counts.length * width;
  return marks.map(({ name, value }, index) => {
    const x = left + Math.min(1, Math.max(0, (value - start) / span)) * chartWidth;
    // By turns in three rows, so that neighbours do not cover each other, and never off the page.
    const y = top - 8 - (index % 3) * 15;
    const anchor = x > left + chartWidth * 0.8 ? 'end' : 'start';
    return `<line class="mark" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${y - 10}" y2="${top + chartHeight}"/>
<text class="small" x="${(x + (anchor === 'end' ? -4 : 4)).toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped(name)} ${numeral(value, 2)} ${escaped(unit)}</text>`;
  });
}
