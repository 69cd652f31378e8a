import { SessionError } from '@jwt-auth/browser';
import { describe, expect, it } from 'vitest';

import { errorOf, errorOfFailure } from './problem.js';

const answer = (status: number, body: object | string = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

describe('a 401 to a call of a session', () => {
  it.each(['token_missing', 'token_invalid', 'token_expired', 'token_revoked'])(
    'says by %s that the session is over',
    async (code) => {
      expect(await errorOf(answer(401, { code }))).toMatchObject({ code: 'session_ended' });
    },
  );

  it('says so, too, if it says nothing', async () => {
    const error = await errorOf(answer(401, '<html>'));
    expect(error).toMatchObject({ code: 'session_ended' });
  });

  it.each(['invalid_credentials', 'invalid_code'])('is about what was typed: %s', async (code) => {
    expect(await errorOf(answer(401, { code }))).toMatchObject({ code });
  });

  it('may need a proof of who asks', async () => {
    const code = 'insufficient_user_authentication';
    expect(await errorOf(answer(401, { code }))).toMatchObject({
      code,
      message: 'Not done: you did not confirm that it is you.',
    });
  });
});

describe('a 503', () => {
  it.each(['database_unavailable', 'not_ready', 'revocations_stale'])(
    'is the same as no answer: %s',
    async (code) => {
      expect(await errorOf(answer(503, { code }))).toMatchObject({ code: 'unreachable' });
    },
  );

  it('is no outage where no mail is sent', async () => {
    expect(await errorOf(answer(503, { code: 'mail_unavailable' }))).toMatchObject({
      code: 'mail_unavailable',
      message: 'This installation sends no mail.',
    });
  });
});

describe('a failure without an answer to the call', () => {
  it.each([
    ['no connection', new TypeError('Failed to fetch'), 'unreachable'],
    ['a page of something in between', new SyntaxError('<html>'), 'unexpected_answer'],
    ['a refusal of the session', new SessionError({ status: 403, code: 'conflict' }), 'conflict'],
    ['an outage that the session met', new SessionError({ status: 503, code: 'x' }), 'unreachable'],
  ])('is one by its cause: %s', (_cause, failure, code) => {
    expect(errorOfFailure(failure)).toMatchObject({ code });
  });

  it('says when the session may be asked again', () => {
    const failure = new SessionError({ status: 429, code: 'too_many_attempts' }, 7);
    expect(errorOfFailure(failure).message).toContain('7 seconds');
  });
});
