import { useLayoutEffect, useRef } from 'preact/hooks';

import { texts } from '../texts.js';
import { Card } from '../ui/page.js';
import { drawBars } from './bars.js';
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
