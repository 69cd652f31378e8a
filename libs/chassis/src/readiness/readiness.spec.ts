import { describe, expect, it } from 'vitest';

import { findUnreadiness, type ReadinessCheck } from './readiness.js';

const check = (name: string, answer: ReadinessCheck['check']): ReadinessCheck => ({
  name,
  check: answer,
});

describe('findUnreadiness', () => {
  it('names the failed checks only, in order', async () => {
    const checks = [
      check('database', () => Promise.resolve('cannot be reached')),
      check('keys', () => undefined),
      check('revocation list', () => 'is blind'),
    ];
    expect(await findUnreadiness(checks, 1_000)).toEqual([
      { name: 'database', reason: 'cannot be reached' },
      { name: 'revocation list', reason: 'is blind' },
    ]);
  });

  it('does not wait for a check that hangs', async () => {
    const checks = [check('database', () => new Promise(() => undefined))];
    expect(await findUnreadiness(checks, 1)).toEqual([
      { name: 'database', reason: 'does not answer' },
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('fails a check that %s, and does not show why', async (_name, answer) => {
    expect(await findUnreadiness([check('keys', answer)], 1_000)).toEqual([
      { name: 'keys', reason: 'fails' },
    ]);
  });
});
