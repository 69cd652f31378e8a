import { randomUUID } from 'node:crypto';
import { call, type Answer, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  login,
  newEmail,
  newSession,
  PASSWORD,
  refresh,
  register,
  tryLogin,
  type TokenResponse,
} from './users.js';
import { Stack } from './stack.js';

const WRONG = 'not the password';

let stack: Stack;
let here: string;
let there: string;
let address: string;
let addresses = 0;

beforeAll(async () => {
  stack = await Stack.start({ processes: 2, env: { TRUST_PROXY: '1' } });
  [here, there] = [stack.auth(0), stack.auth(1)];
});
afterAll(() => stack?.stop());

/** An address that was not used yet. */
function newAddress(): string {
  addresses += 1;
  return `198.18.${addresses >> 8}.${addresses & 255}`;
}
beforeEach(() => {
  address = newAddress();
});

const attempt = (email: string, from: string, password = WRONG, auth = here) =>
  tryLogin(auth, email, password, { from });

/** How many attempts are answered before the first pause. */
async function pausedAfter(attempts: (index: number) => Promise<Answer>): Promise<number> {
  for (let count = 0; count < 20; count++) {
    const { status } = await attempts(count);
    if (status === 429) return count;
    expect(status).toBe(401);
  }
  throw new Error('Nothing was slowed down');
}

const guess = (email: string, from = address) =>
  pausedAfter((index) => attempt(email, from, WRONG, index % 2 ? there : here));

/** The first pause is a second long: too short for what a busy machine does meanwhile. */
const lengthenPauses = () =>
  stack.query(
    `UPDATE login_limits SET blocked_until = now() + interval '1 minute'
     WHERE blocked_until IS NOT NULL`,
  );

describe('a guesser', () => {
  it.each([
    ['of a user', () => register(here)],
    ['of nobody', async () => newEmail()],
  ])(
    'of the password %s must wait after a few failures, at every process',
    async (_name, someone) => {
      const email = await someone();
      expect(await guess(email)).toBeGreaterThanOrEqual(6);
      await lengthenPauses();
      for (const auth of [here, there]) {
        const { status, headers, body } = await attempt(email, address, WRONG, auth);
        expect([status, body['code']]).toEqual([429, 'too_many_attempts']);
        expect(headers.get('content-type')).toMatch('application/problem+json');
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(30);
      }
    },
  );

  it('must wait with the right password, too: another answer would reveal it', async () => {
    const email = await register(here);
    await guess(email);
    await lengthenPauses();
    expect((await attempt(email, address, PASSWORD)).status).toBe(429);
  });

  it('must wait longer each time', async () => {
    const email = await register(here);
    const pauses: number[] = [];
    await guess(email);
    for (let i = 0; i < 5; i++) {
      await stack.query('UPDATE login_limits SET blocked_until = NULL');
      expect((await attempt(email, address)).status).toBe(401);
      const { headers } = await attempt(email, address);
      pauses.push(Number(headers.get('retry-after')));
    }
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThan(15);
  });

  // threat:password-guessing
  it('gains nothing by guessing many times at the same moment', async () => {
    const email = await register(here);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => attempt(email, address, WRONG, i % 2 ? here : there)),
    );
    const compared = answers.filter(({ status }) => status === 401).length;
    expect(compared).toBeGreaterThanOrEqual(6);
    // Six at once. On a busy machine the first pauses, of 1 s and 2 s, end meanwhile.
    expect(compared).toBeLessThanOrEqual(8);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(40 - compared);
  });

  it('does not get around it by writing the e-mail in another case', async () => {
    const email = await register(here);
    const spellings = [email, email.toUpperCase(), email.replace('example', 'Example')];
    expect(await pausedAfter((i) => attempt(spellings[i % 3]!, address))).toBeLessThan(12);
  });

  it('cannot guess the current password with a stolen session, either', async () => {
    const { access_token: token } = await newSession(here);
    const body = { currentPassword: WRONG, newPassword: 'nine otters under the bridge' };
    const change = () =>
      call(`${here}/auth/password`, { method: 'PUT', token, body, from: address });
    expect(await pausedAfter(change)).toBeGreaterThanOrEqual(6);
  });
});

describe('the victim of a guesser', () => {
  it('can log in from elsewhere at any time, and from there after the pause', async () => {
    const email = await register(here);
    await guess(email);
    expect((await attempt(email, newAddress(), PASSWORD)).status).toBe(200);
    await expect.poll(async () => (await attempt(email, address, PASSWORD)).status).toBe(200);
    // All is forgiven: the next failure is the first one again.
    expect(await guess(email)).toBeGreaterThanOrEqual(6);
  });

  // threat:victim-lockout
  it('can log in from a known address, however many others guess', async () => {
    const email = await register(here);
    const home = newAddress();
    await login(here, email, PASSWORD, { from: home });
    for (let i = 0; i < 51; i++) await attempt(email, newAddress());
    await lengthenPauses();
    expect((await attempt(email, newAddress(), PASSWORD)).status).toBe(429);
    expect((await attempt(email, home, PASSWORD)).status).toBe(200);
  });
});

describe('an address that many share', () => {
  // threat:victim-lockout
  it('lets all users in who have logged in there before, whatever a neighbour tries', async () => {
    const neighbours = await Promise.all(Array.from({ length: 3 }, () => register(here)));
    for (const email of neighbours) {
      expect((await attempt(email, address, PASSWORD)).status).toBe(200);
    }
    const guesses = [
      ...Array.from({ length: 110 }, () => newEmail()),
      ...neighbours.flatMap((email) => Array<string>(12).fill(email)),
    ];
    const one = async (share: number) => {
      for (let i = share; i < guesses.length; i += 4) {
        await attempt(guesses[i]!, address, WRONG, i % 2 ? here : there);
      }
    };
    await Promise.all([0, 1, 2, 3].map(one));
    await lengthenPauses();
    expect((await attempt(newEmail(), address)).status).toBe(429);
    expect((await attempt(newEmail(), newAddress())).status).toBe(401);
    for (const auth of [here, there]) {
      for (const email of neighbours) {
        expect((await attempt(email, address, PASSWORD, auth)).status).toBe(200);
      }
    }
  });

  it('is recognized by its network, as it is limited by its network', async () => {
    const email = await register(here);
    const network = '2001:db8:51:7';
    expect((await attempt(email, `[${network}::1]:4711`, PASSWORD)).status).toBe(200);
    for (let i = 0; i < 30; i++) await attempt(email, newAddress());
    await lengthenPauses();
    expect((await attempt(email, newAddress(), PASSWORD)).status).toBe(429);
    expect((await attempt(email, `${network}:ffff::2`, PASSWORD)).status).toBe(200);
  });
});

describe('a search for accounts', () => {
  // threat:account-enumeration
  it('by registering ends after a few, at every process, for any e-mail', async () => {
    const email = await register(here);
    const attempts = (index: number, wanted = email) =>
      call(`${index % 2 ? there : here}/auth/register`, {
        body: { email: wanted, password: PASSWORD },
        from: address,
      });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => attempts(i)));
    const named = answers.filter(({ status }) => status === 409).length;
    expect(named).toBeGreaterThanOrEqual(21);
    // 21 at once. On a busy machine the first pauses, of 1 s and 2 s, end meanwhile.
    expect(named).toBeLessThanOrEqual(23);
    await lengthenPauses();
    for (const wanted of [email, newEmail()]) {
      const { status, headers, body } = await attempts(0, wanted);
      expect([status, body['code']]).toEqual([429, 'too_many_attempts']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(30);
    }
  });
});

describe('a password that was hashed with other parameters', () => {
  // What `PASSWORD` became when a hash took 1 MiB.
  const old =
    '$argon2id$v=19$m=1024,t=1,p=1$w/wZ4aGU3Fd/3TFtl4nikw$P/b/6ZEyI9KYPoFNqbuU+Hwm8OwxMMpWzmfstg2bn9I';
  const hashOf = async (email: string): Promise<string> => {
    const [row] = await stack.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM users WHERE email = $1',
      [email],
    );
    return row?.hash ?? '';
  };

  it('is hashed again at a successful login only', async () => {
    const email = await register(here);
    await stack.query('UPDATE users SET password_hash = $1 WHERE email = $2', [old, email]);
    expect((await attempt(email, address)).status).toBe(401);
    expect(await hashOf(email)).toBe(old);
    expect((await attempt(email, address, PASSWORD)).status).toBe(200);
    await expect.poll(() => hashOf(email)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await attempt(email, address, PASSWORD, there)).status).toBe(200);
  });

  it('is left as it is when it was hashed with stronger ones', async () => {
    // What `PASSWORD` became with 64 MiB and three passes.
    const strong =
      '$argon2id$v=19$m=65536,t=3,p=1$BSFnWUgCYzGSHUaVgMg74w$qBcCKpjaT/xJzAr155rQoYKSNlDOVKgEjp5shYbExEM';
    const email = await register(here);
    await stack.query('UPDATE users SET password_hash = $1 WHERE email = $2', [strong, email]);
    expect((await attempt(email, address, PASSWORD)).status).toBe(200);
    expect((await attempt(email, address, PASSWORD)).status).toBe(200);
    expect(await hashOf(email)).toBe(strong);
  });
});

describe('a flood of logins', () => {
  // threat:login-floods
  it('is refused beyond a bound, while refreshes go on', async () => {
    let session: TokenResponse = await newSession(here);
    const flood = Promise.all(
      Array.from({ length: 150 }, () => attempt(newEmail(), newAddress(), randomUUID())),
    );
    let isOver = false;
    void flood.finally(() => {
      isOver = true;
    });
    let refreshes = 0;
    do {
      const { status, body } = await refresh(here, session.refresh_token);
      expect(status).toBe(200);
      session = body;
      refreshes += 1;
    } while (!isOver);
    expect(refreshes).toBeGreaterThan(1);
    const answers = await flood;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    for (const { status, headers } of answers) {
      if (status === 429) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
  });
});

describe('without a trusted proxy', () => {
  let direct: RunningApp;
  beforeAll(async () => {
    direct = await startApp('auth', { env: { ...stack.env, TRUST_PROXY: 'off' } });
  });
  afterAll(() => direct?.stop());

  it('a caller cannot choose another address by a header', async () => {
    const email = await register(direct.url);
    const spoofed = () => attempt(email, newAddress(), WRONG, direct.url);
    expect(await pausedAfter(spoofed)).toBeLessThan(12);
  });
});
