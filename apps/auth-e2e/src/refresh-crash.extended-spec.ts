import { outcome, type Answer } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { login, refresh, register, type TokenResponse } from './users.js';
import { Stack } from './stack.js';

const SESSIONS = 24;
const KILLS = 3;
const SEED = 20_260_417;

let stack: Stack;

beforeAll(async () => {
  // Longer than the time between a kill and the retry on the slowest machine.
  stack = await Stack.start({ processes: 2, env: { REFRESH_RETRY_WINDOW: '2m' } });
});
afterAll(() => stack?.stop());

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sends all tokens at once to one process, which is killed after so many answers. */
async function refreshUntilKilled(
  tokens: readonly string[],
  victim: number,
  answersBeforeKill: number,
): Promise<(Answer<TokenResponse> | undefined)[]> {
  const process = stack.process(victim);
  let answered = 0;
  const kill = () => {
    if (answered === answersBeforeKill) process.kill('SIGKILL');
  };
  const attempts = tokens.map(async (token) => {
    const answer = await refresh(process.url, token);
    answered += 1;
    kill();
    return answer;
  });
  kill();
  const outcomes = await Promise.allSettled(attempts);
  await process.exited;
  return outcomes.map((attempt) => (attempt.status === 'fulfilled' ? attempt.value : undefined));
}

it(`kill -9 amid ${KILLS * SESSIONS} rotations leaves each session one usable token (seed ${SEED})`, async () => {
  const next = random(SEED);
  const email = await register(stack.auth());
  let tokens: string[] = [];
  while (tokens.length < SESSIONS) tokens.push((await login(stack.auth(), email)).refresh_token);
  const generations = [tokens];
  let lost = 0;

  for (let round = 0; round < KILLS; round++) {
    const victim = round % 2;
    const answers = await refreshUntilKilled(tokens, victim, Math.floor(next() * SESSIONS));
    const retries = await Promise.all(
      tokens.map((token) => refresh(stack.auth(1 - victim), token)),
    );
    retries.forEach((retry, index) => {
      expect(outcome(retry)).toBe('ok');
      const answer = answers[index];
      if (!answer) lost += 1;
      // A token that a client got stays valid, also if the process was killed after that.
      else expect(retry.body.refresh_token).toBe(answer.body.refresh_token);
    });
    tokens = retries.map(({ body }) => body.refresh_token);
    generations.push(tokens);
    await stack.restart(victim);
  }

  expect(lost).toBeGreaterThan(KILLS);
  expect(lost).toBeLessThan(KILLS * SESSIONS);
  const usable = await stack.query(
    `SELECT session.id, count(*) FILTER (WHERE token.replaced_at IS NULL)::int AS usable,
       count(*)::int AS made
     FROM sessions session JOIN refresh_tokens token ON token.session_id = session.id
     GROUP BY session.id`,
  );
  expect(usable).toHaveLength(SESSIONS);
  for (const session of usable) expect(session).toMatchObject({ usable: 1, made: KILLS + 1 });

  const last = await Promise.all(tokens.map((token) => refresh(stack.auth(), token)));
  expect(last.map(outcome)).toEqual(tokens.map(() => 'ok'));
  await stack.query(`UPDATE refresh_tokens SET replaced_at = replaced_at - interval '3 minutes'`);
  const grandparents = generations.at(-2) ?? [];
  const reused = await Promise.all(grandparents.map((token) => refresh(stack.auth(1), token)));
  expect(reused.map(outcome)).toEqual(tokens.map(() => 'refresh_token_reused'));
}, 180_000);
