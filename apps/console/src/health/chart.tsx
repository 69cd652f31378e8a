import 'uplot/dist/uPlot.min.css';

import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { texts } from '../texts.js';
import { Card } from '../ui/page.js';
import type { Series } from './samples.js';

interface ChartProps {
  readonly title: string;
  readonly series: Series;
  readonly inWords: (value: number) => string;
  readonly tone?: 'bad';
  readonly details?: readonly (readonly [string, number])[];
}

/** What happened in each minute of the last hour. */
export function Chart({ title, series, inWords, tone, details }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  // Anew with each answer: that is every few seconds.
  useLayoutEffect(() => (box.current ? drawBars(box.current, series) : undefined), [series]);
  const latest = series.values.findLast((value) => value !== null) ?? undefined;
  const words =
    latest === undefined
      ? texts.health.none
      : texts.health.inWords(inWords(latest), inWords(series.highest));
  return (
    <Card title={title}>
      <p class="hint">{words}</p>
      <div ref={box} class={`chart ${tone ?? ''}`} role="img" aria-label={`${title}: ${words}`} />
      {details && details.length > 0 && (
        <ul class="hint">
          {details.map(([reason, count]) => (
            <li key={reason}>
              <code>{reason}</code> {count}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const MINUTES = 60;
const MINUTE = 60; // Seconds.
const FONT = '12px system-ui, sans-serif';
const Y_AXIS_WIDTH = 48;

/** Counts have no fractions. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power));
const inShort = new Intl.NumberFormat(undefined, { notation: 'compact' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/**
 * Draws one bar for each minute of the last hour, the latest at the right, as large as the element and in
 * its colors.
 *
 * @returns a function that removes it
 */
function drawBars(element: HTMLElement, series: Series): () => void {
  const { color, borderColor } = getComputedStyle(element);
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const { latestAt, values, highest } = series;
  const times = Array.from({ length: MINUTES }, (_, back) => latestAt - back * MINUTE).reverse();
  const numbers = times.map((_, index) => values.at(index - MINUTES) ?? null);
  const axis = { stroke: getComputedStyle(document.body).color, font: FONT };
  const lines = { stroke: borderColor, width: 1 };
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: () => [latestAt - (MINUTES - 0.5) * MINUTE, latestAt + MINUTE / 2] },
        y: { range: () => [0, Math.max(1, highest)] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 80,
          grid: { show: false },
          ticks: { show: false },
          values: (_, seconds) => seconds.map((second) => clock.format(second * 1_000)),
        },
        {
          ...axis,
          size: Y_AXIS_WIDTH,
          grid: lines,
          ticks: { show: false },
          incrs: WHOLE.flat(),
          values: (_, steps) => steps.map((number) => inShort.format(number)),
        },
      ],
      series: [
        {},
        {
          fill: color,
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars?.({ size: [0.8] }),
        },
      ],
    },
    [times, numbers],
    element,
  );
  const follow = new ResizeObserver(() => plot.setSize(size()));
  follow.observe(element);
  return () => {
    follow.disconnect();
    plot.destroy();
  };
}
