import type { JwtCoreStatistics } from '@jwt-auth/jwt-core';
import { expect, it } from 'vitest';

import type { RefreshService } from '../sessions/refresh.service.js';
import type { CredentialsService } from '../users/credentials.service.js';
import { Clock } from '../clock.js';
import { HealthHistory } from './health-history.js';

function history() {
  const logins = { succeeded: 3, failed: 0 };
  const verdicts = { accepted: 10 };
  let reached: (ms: number) => void = () => undefined;
  const login = {
    outcomes: {
      get counts() {
        return { ...logins };
      },
    },
  };
  const made = new HealthHistory(
    login as CredentialsService,
    { outcomes: { counts: {} } } as RefreshService,
    {
      // As the library has it: the same object, which changes.
      verdicts,
      revocationList: { entries: 7 },
      onReach: (listener: typeof reached) => (reached = listener),
    } as unknown as JwtCoreStatistics,
    new Clock(),
  );
  return { made, logins, verdicts, reach: (ms: number) => reached(ms) };
}

it('counts what each minute adds, from its own start on', () => {
  const { made, logins, verdicts, reach } = history();
  logins.succeeded += 2;
  verdicts.accepted += 5;
  reach(4);
  reach(2);
  expect(made.samples).toMatchObject([
    { logins: { succeeded: 2, failed: 0 }, verdicts: { accepted: 5 }, listEntries: 7, reachMs: 4 },
  ]);
  made.endMinute();
  logins.failed += 1;
  expect(made.samples).toMatchObject([
    { logins: { succeeded: 2, failed: 0 }, reachMs: 4 },
    { logins: { succeeded: 0, failed: 1 }, verdicts: { accepted: 0 }, reachMs: null },
  ]);
});

it('keeps an hour', () => {
  const { made, logins } = history();
  for (let minute = 0; minute < 100; minute++) {
    logins.succeeded += minute;
    made.endMinute();
  }
  expect(made.samples).toHaveLength(60);
  expect(made.samples[0]?.logins).toMatchObject({ succeeded: 41 });
  expect(made.samples[58]?.logins).toMatchObject({ succeeded: 99 });
});
