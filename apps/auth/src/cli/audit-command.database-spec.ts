import { PassThrough } from 'node:stream';

import { beforeAll, describe, expect, it } from 'vitest';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { runAuditCommand } from './audit-command.js';

const auth = AuthApp.forFile({ AUDIT_RETENTION: '36500d' });
beforeAll(async () => {
  await auth.dataSource.query(
    `INSERT INTO audit_events (at, action, actor, subject, detail)
     SELECT timestamptz '2020-01-01Z' + n / 3 * interval '1 microsecond', 'user.enabled', 'me',
       n::text, '{"by": "spec"}'
     FROM generate_series(1, 2500) AS n`,
  );
  await auth.dataSource.query(
    `INSERT INTO audit_events (at, action, detail)
     SELECT now() - hours * interval '1 hour', 'user.disabled', jsonb_build_object('hours', hours)
     FROM unnest('{1,30,50}'::int[]) AS hours`,
  );
});

async function run(args: string[], environment = { DATABASE_URL: auth.databaseUrl }) {
  // Room for less than a batch: the command has to wait for its reader.
  const [results, output] = [new PassThrough({ highWaterMark: 256 }), new PassThrough()];
  let [printed, shown] = ['', ''];
  results.setEncoding('utf8').on('data', (text: string) => void (printed += text));
  output.setEncoding('utf8').on('data', (text: string) => void (shown += text));
  const code = await runAuditCommand(args, { results, output }, environment);
  await new Promise((resolve) => results.end(resolve));
  const lines = printed.split('\n').slice(0, -1);
  return { code, shown, events: lines.map((line) => JSON.parse(line) as AuditEvent) };
}

const hoursOf = (events: readonly AuditEvent[]) =>
  events.flatMap(({ detail }) => detail['hours'] ?? []);

describe('audit export', () => {
  it('prints every event once, the earliest first, whatever shares its time', async () => {
    const { code, events } = await run(['export']);
    expect(code).toBe(0);
    expect(events.slice(0, 2500).map(({ subject }) => Number(subject))).toEqual(
      Array.from({ length: 2500 }, (_, i) => i + 1),
    );
    expect(events[0]).toEqual({
      id: expect.stringMatching(/^\d+$/) as string,
      at: '2020-01-01T00:00:00.000Z',
      action: 'user.enabled',
      actor: 'me',
      subject: '1',
      address: null,
      requestId: null,
      detail: { by: 'spec' },
    });
    expect(hoursOf(events.slice(2500))).toEqual([50, 30, 1]);
  });

  it.each([
    [
      ['--since', '2d'],
      [30, 1],
    ],
    [['--since', '2d', '--until', '20h'], [30]],
    [['--until', '40h', '--since', '2020-01-02'], [50]],
    [['--since', '2020-01-02T00:00:00+02:00', '--until', '2020-01-02T00:00Z'], []],
    [['--since', '3650d', '--until', '2019-12-31'], []],
  ])('takes the period %j', async (args, hours) => {
    const { code, events } = await run(['export', ...args]);
    expect([code, hoursOf(events)]).toEqual([0, hours]);
  });

  it('includes the event of the very moment at which the period begins', async () => {
    const { events } = await run(['export', '--since', '2020-01-01', '--until', '2020-01-02']);
    expect(events).toHaveLength(2500);
  });

  it.each([
    [[]],
    [['import']],
    [['export', '--since']],
    [['export', '--since', 'yesterday']],
    [['export', '--since', '2026-13-01']],
    [['export', '--since', '2026-11-01T06:30:00']],
    [['export', '--since', '1d', '--since', '2d']],
    [['export', '--from', '1d']],
    [['export', '1d']],
  ])('explains itself to %j', async (args) => {
    const { code, shown, events } = await run(args);
    expect([code, events]).toEqual([2, []]);
    expect(shown).toContain('Usage:');
  });

  it('says that the database refuses the password', async () => {
    const url = new URL(auth.databaseUrl);
    url.password = 'wrong';
    const { code, shown } = await run(['export'], { DATABASE_URL: url.href });
    expect([code, shown]).toEqual([1, expect.stringContaining('password authentication failed')]);
  });

  it('says which setting is missing', async () => {
    const { code, shown } = await run(['export'], { DATABASE_URL: '' });
    expect([code, shown]).toEqual([1, expect.stringContaining('DATABASE_URL')]);
  });
});
