import { expect, it } from 'vitest';
import { TokenError } from './token-error.js';
import { VerdictCounts } from './verdict-counts.js';

it('counts verdicts about tokens, and no other errors', async () => {
  const counts = new VerdictCounts();
  const none = { ...counts.byVerdict };
  const fault = new Error('a fault of this program');
  counts.noteRefusal(fault);
  counts.noteRefusal(undefined);
  await expect(counts.ofPromise(Promise.reject(fault))).rejects.toBe(fault);
  expect(counts.byVerdict).toEqual(none);
  const expired = new TokenError('token_expired', 'exp is past');
  counts.noteRefusal(expired);
  await expect(counts.ofPromise(Promise.reject(expired))).rejects.toBe(expired);
  expect(await counts.ofPromise(Promise.resolve(7))).toBe(7);
  expect(counts.byVerdict).toEqual({ ...none, token_expired: 2, accepted: 1 });
});
