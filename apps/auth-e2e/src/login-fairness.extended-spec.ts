import { call } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newEmail, PASSWORD, register, tryLogin } from './users.js';
import { Stack } from './stack.js';

const GREEDY = '198.51.100.66';
const AT_A_TIME = 100;
const OTHERS = 5;

let stack: Stack;
let auth: string;
beforeAll(async () => {
  stack = await Stack.start({ env: { TRUST_PROXY: '1' } });
  auth = stack.auth();
});
afterAll(() => stack?.stop());

/** Sends so many requests at a time, each again after its answer, until `work` is done. */
async function during<T>(request: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const repeat = async () => {
    while (!isOver) await request();
  };
  const flood = Array.from({ length: AT_A_TIME }, repeat);
  try {
    return await work();
  } finally {
    isOver = true;
    await Promise.all(flood);
  }
}

const logInElsewhere = async (emails: readonly string[]): Promise<number[]> => {
  const statuses: number[] = [];
  for (const [index, email] of emails.entries()) {
    const { status } = await tryLogin(auth, email, PASSWORD, { from: `203.0.113.${index + 1}` });
    statuses.push(status);
  }
  return statuses;
};

describe('an address that sends a hundred requests at a time', () => {
  // threat:login-floods
  it('leaves room for all others: logins with the right password, and registrations', async () => {
    const emails = await Promise.all(Array.from({ length: OTHERS }, () => register(auth)));
    const own = await register(auth);
    let isRegistration = false;
    const request = () => {
      isRegistration = !isRegistration;
      const body = { email: newEmail(), password: PASSWORD };
      return isRegistration
        ? call(`${auth}/auth/register`, { body, from: GREEDY })
        : tryLogin(auth, own, PASSWORD, { from: GREEDY });
    };
    const statuses = await during(request, () => logInElsewhere(emails));
    expect(statuses).toEqual(Array(OTHERS).fill(200));
  });
});
