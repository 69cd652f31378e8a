import { describe, expect, it } from 'vitest';

import { errorOf, ProofNeeded } from './problem.js';

const answer = (status: number, body: object | string = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

describe('a 401 to a call of a session', () => {
  it.each(['token_missing', 'token_invalid', 'token_expired', 'token_revoked'])(
    'says by %s that the session is over',
    async (code) => {
      expect(await errorOf(answer(401, { code }), true)).toMatchObject({ code: 'session_ended' });
    },
  );

  it('says so, too, if it says nothing', async () => {
    const error = await errorOf(answer(401, '<html>'), true);
    expect(error).toMatchObject({ code: 'session_ended' });
  });

  it.each(['invalid_credentials', 'invalid_code'])('is about what was typed: %s', async (code) => {
    expect(await errorOf(answer(401, { code }), true)).toMatchObject({ code });
  });

  it('may need a proof of who asks', async () => {
    const code = 'insufficient_user_authentication';
    expect(await errorOf(answer(401, { code }), true)).toBeInstanceOf(ProofNeeded);
  });
});

describe('a 503', () => {
  it.each(['database_unavailable', 'not_ready', 'revocations_stale'])(
    'is the same as no answer: %s',
    async (code) => {
      expect(await errorOf(answer(503, { code }), true)).toMatchObject({ code: 'unreachable' });
    },
  );

  it('is no outage where no mail is sent', async () => {
    expect(await errorOf(answer(503, { code: 'mail_unavailable' }), true)).toMatchObject({
      code: 'mail_unavailable',
      message: 'This installation sends no mail.',
    });
  });
});
