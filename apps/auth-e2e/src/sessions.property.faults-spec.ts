import { isDeepStrictEqual } from 'node:util';
import { call, outcome, DEMO } from '@jwt-auth/dev-stack';

import { runs } from '@jwt-auth/dev-stack/vitest';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Stack } from './stack.js';
import { decode, login, refresh, type TokenResponse } from './users.js';

/** Longer than any run takes. What passes is longer still. */
const ENVIRONMENT = { REFRESH_RETRY_WINDOW: '10m', ACCESS_TOKEN_TTL: '24h' };
const WAIT = { timeout: 20_000, interval: 25 };

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ processes: 2, withOrders: true, env: ENVIRONMENT });
});
afterAll(() => stack?.stop());

const newUserSession = (index: number) => login(stack.auth(index), DEMO.ada.email, DEMO.password);
const adminAt = async (index: number) =>
  (await login(stack.auth(index), DEMO.admin.email, DEMO.password)).access_token;
const post = (index: number, path: string, token: string) =>
  call(`${stack.auth(index)}${path}`, { method: 'POST', token });

const kidOf = (token: string): string => String(decode(token).header['kid']);

/** The state of a session according to its answers. */
interface Session {
  /** The tokens of its refreshes, and the pass of time in which each was replaced. */
  readonly chain: { readonly token: string; replacedIn?: number }[];
  newestAccess: string;
  /** Every access token that was ever got. */
  readonly accesses: Set<string>;
  hasEnded: boolean;
}

class Model {
  readonly sessions: Session[] = [];
  readonly withdrawn = new Set<string>();
  passes = 0;

  take({ refresh_token: token, access_token: access }: TokenResponse, session?: Session): void {
    const of = session ?? { chain: [], newestAccess: access, accesses: new Set(), hasEnded: false };
    of.chain.push({ token });
    of.newestAccess = access;
    of.accesses.add(access);
    if (!session) this.sessions.push(of);
  }

  isGood(access: string, { hasEnded }: Session): boolean {
    return !hasEnded && !this.withdrawn.has(kidOf(access));
  }
}

class Step implements fc.AsyncCommand<Model, unknown> {
  constructor(
    private readonly name: string,
    private readonly act: (model: Model) => Promise<void>,
    readonly check = (_model: Readonly<Model>): boolean => true,
  ) {}

  run(model: Model): Promise<void> {
    return this.act(model);
  }

  toString = () => this.name;
}

/** A refresh with a token that may be `back` places behind the newest. */
const presented = fc.record({ back: fc.nat({ max: 3 }), process: fc.nat({ max: 1 }) });

/** Refreshes at the same moment, and perhaps the end of the session among them. */
const refreshing = fc
  .record({
    session: fc.nat({ max: 2 }),
    calls: fc.array(presented, { minLength: 1, maxLength: 5, size: 'max' }),
    logoutAt: fc.constantFrom(0, 1, ...Array<null>(12).fill(null)),
  })
  .map(
    (given) =>
      new Step(`refresh ${JSON.stringify(given)}`, async (model) => {
        const session = model.sessions[given.session % model.sessions.length] as Session;
        const { chain, newestAccess } = session;
        const newest = chain.length - 1;
        const places = given.calls.map(({ back }) => Math.max(newest - back, 0));
        const isOver = session.hasEnded || !model.isGood(newestAccess, session);
        const logsOut = given.logoutAt !== null && !isOver;
        const [answers, logout] = await Promise.all([
          Promise.all(
            given.calls.map(({ process }, each) =>
              refresh(
                stack.auth(process),
                (chain[places[each] as number] as { token: string }).token,
              ),
            ),
          ),
          logsOut ? post(given.logoutAt ?? 0, '/auth/logout', newestAccess) : undefined,
        ]);
        const isReused = places.some((place) => {
          const { replacedIn } = chain[place] as Session['chain'][number];
          return replacedIn !== undefined && replacedIn < model.passes;
        });
        const got = answers.filter(({ status }) => status === 200).map(({ body }) => body);
        const successors = new Map(got.map((body) => [body.refresh_token, body]));
        successors.delete((chain[newest] as { token: string }).token);
        if (session.hasEnded) expect(got).toEqual([]);
        else if (!isReused && !logsOut) expect(got).toHaveLength(answers.length);
        // Of any number of calls one replaces the newest token, and all of them get its answer. Those
        // with an older token get that or the one before.
        expect(successors.size).toBeLessThanOrEqual(places.includes(newest) ? 1 : 0);
        answers.forEach(({ status, body }, each) => {
          if (status !== 200) return;
          const isSuccessor = successors.has(body.refresh_token);
          if (places[each] === newest) expect(isSuccessor).toBe(true);
          const { access_token } = successors.get(body.refresh_token) ?? body;
          expect(body.access_token).toBe(isSuccessor ? access_token : newestAccess);
        });
        for (const body of successors.values()) {
          (chain[newest] as Session['chain'][number]).replacedIn = model.passes;
          model.take(body, session);
        }
        if (isReused || logsOut) session.hasEnded = true;
        if (logsOut && !isReused) expect(logout?.status).toBe(204);
      }),
  );

const loggingIn = fc.nat({ max: 1 }).map(
  (process) =>
    new Step(
      `log in at ${process}`,
      async (model) => model.take(await newUserSession(process)),
      ({ sessions }) => sessions.length < 3,
    ),
);
const passing = fc.constant(
  new Step('the retry window passes', async (model) => {
    await stack.query(
      `UPDATE refresh_tokens SET replaced_at = replaced_at - interval '11 minutes'`,
    );
    model.passes += 1;
  }),
);
/** Both processes publish the same keys, which is so long before one of them signs. */
async function agreed(): Promise<void> {
  const published = (index: number) => call<unknown>(`${stack.auth(index)}/.well-known/jwks.json`);
  await expect
    .poll(async () => {
      const [one, other] = await Promise.all([0, 1].map(published));
      return isDeepStrictEqual(one?.body, other?.body);
    }, WAIT)
    .toBe(true);
}

const rotating = fc.subarray([0, 1], { minLength: 1 }).map(
  (among) =>
    new Step(`rotate at ${among.join(' and ')}`, async () => {
      // The next key has been published for long enough.
      await stack.query(
        `UPDATE signing_keys SET created_at = created_at - interval '2 s' WHERE state = 'next'`,
      );
      const admin = await adminAt(0);
      const answers = await Promise.all(
        among.map((process) => post(process, '/admin/keys/rotate', admin)),
      );
      expect(answers.map(({ status }) => status)).toEqual(among.map(() => 200));
      await agreed();
    }),
);
const withdrawing = fc.nat({ max: 1 }).map(
  (process) =>
    new Step(`withdraw the active key at ${process}`, async (model) => {
      const admin = await adminAt(process);
      const path = `/admin/keys/${kidOf(admin)}/withdraw`;
      expect((await post(process, path, admin)).status).toBe(200);
      model.withdrawn.add(kidOf(admin));
      await agreed();
    }),
);

/** Whether both auth processes and orders accept an access token. */
async function accepted(token: string): Promise<boolean[]> {
  const verdicts = await Promise.all([
    ...[0, 1].map(async (index) => outcome(await call(`${stack.auth(index)}/auth/me`, { token }))),
    stack.verdict(token),
  ]);
  return verdicts.map((verdict) => {
    // A token of a withdrawn key is revoked, and its key is unknown to processes that fetched the keys since.
    if (verdict !== 'ok') expect(['token_revoked', 'token_invalid']).toContain(verdict);
    return verdict === 'ok';
  });
}

it('sessions and keys are as after the same calls, one by one, at one process', async () => {
  const steps = fc.commands(
    [
      refreshing,
      refreshing,
      refreshing,
      refreshing,
      loggingIn,
      passing,
      passing,
      rotating,
      withdrawing,
    ],
    { size: 'max', maxCommands: 20 },
  );
  await fc.assert(
    // Few runs: none of them may be as short as the first ones otherwise are.
    fc.asyncProperty(fc.noBias(steps), async (all) => {
      const model = new Model();
      model.take(await newUserSession(0));
      await fc.asyncModelRun(() => ({ model, real: undefined }), all);
      for (const session of model.sessions) {
        for (const access of session.accesses) {
          const isGood = model.isGood(access, session);
          await expect.poll(() => accepted(access), WAIT).toEqual(Array(3).fill(isGood));
        }
        // The newest token of a session is good for as long as the session, and no other is.
        const last = session.chain.at(-1) as { token: string };
        expect((await refresh(stack.auth(1), last.token)).status).toBe(
          session.hasEnded ? 401 : 200,
        );
      }
    }),
    runs(5),
  );
});
