import { texts } from '../texts.js';
import { Card } from '../ui/page.js';
import type { Series } from './samples.js';

/** An hour. */
const MINUTES = 60;
const HEIGHT = 40;

interface ChartProps {
  readonly title: string;
  readonly series: Series;
  readonly inWords: (value: number) => string;
  readonly tone?: 'bad';
  readonly details?: readonly (readonly [string, number])[];
}

/** One bar for each minute of the last hour, the latest at the right. */
export function Chart({ title, series: { values, highest }, inWords, tone, details }: ChartProps) {
  const latest = values.findLast((value) => value !== null);
  const isEmpty = latest === undefined || latest === null;
  const words = isEmpty
    ? texts.health.none
    : texts.health.inWords(inWords(latest), inWords(highest));
  const begin = MINUTES - values.length;
  return (
    <Card title={title}>
      <p class="hint">{words}</p>
      <svg
        class={`chart ${tone ?? ''}`}
        viewBox={`0 0 ${MINUTES} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${words}`}
      >
        <line x1="0" x2={MINUTES} y1={HEIGHT} y2={HEIGHT} />
        {values.map((value, index) => {
          if (value === null) return null;
          const height = highest === 0 ? 0 : (value / highest) * (HEIGHT - 2);
          const x = begin + index + 0.1;
          return <rect key={index} x={x} y={HEIGHT - height} width="0.8" height={height} />;
        })}
      </svg>
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
