import { useQuery } from '../api/use-query.js';
import { texts } from '../texts.js';
import { Failure } from '../ui/controls.js';
import { Page, Pending } from '../ui/page.js';
import { inMilliseconds } from '../ui/time.js';
import { Time } from '../ui/values.js';
import { Chart } from './chart.js';
import { reasonsOf, refused, seriesOf, type Health, type Sample } from './samples.js';

const EVERY_MS = 5_000;

const CHARTS = [
  { name: 'logins', good: 'succeeded' },
  { name: 'refreshes', good: 'succeeded' },
  { name: 'verdicts', good: 'accepted' },
] as const;

/** The last hour of the auth process that answers. */
export function HealthPage() {
  const health = useQuery<Health>('admin/health', EVERY_MS);
  if (!health.data) {
    return (
      <Page title={texts.health.title} about={texts.health.about}>
        <Pending error={health.error} />
      </Page>
    );
  }
  const { samples, startedAt, process } = health.data;
  const count = (value: number) => texts.health.aMinute(value);
  return (
    <Page title={texts.health.title} about={texts.health.about}>
      <Failure error={health.error} />
      <p class="hint">
        {texts.health.process} <code>{process}</code>, {texts.health.started}{' '}
        <Time at={startedAt} />
      </p>
      <div class="charts">
        {CHARTS.map(({ name, good }) => (
          <Chart
            key={name}
            title={texts.health[name]}
            series={seriesOf(samples, (sample) => sample[name][good] ?? 0)}
            inWords={count}
          />
        ))}
        {CHARTS.map(({ name, good }) => (
          <Chart
            key={name}
            title={texts.health.refused[name]}
            series={seriesOf(samples, (sample) => refused(sample[name], good))}
            inWords={count}
            tone="bad"
            details={reasonsOf(samples, (sample: Sample) => sample[name], good)}
          />
        ))}
        <Chart
          title={texts.health.listEntries}
          series={seriesOf(samples, ({ listEntries }) => listEntries)}
          inWords={String}
        />
        <Chart
          title={texts.health.reach}
          series={seriesOf(samples, ({ reachMs }) => reachMs)}
          inWords={inMilliseconds}
        />
      </div>
    </Page>
  );
}
