import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './http.js';
import { newEmail, PASSWORD, register, tryLogin } from './users.js';
import { Stack } from './stack.js';

const GREEDY = '198.51.100.66';
const AT_A_TIME = 100;
const OTHERS = 4;

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
  const greedy = async () => {
    const email = await register(auth);
    return () => tryLogin(auth, email, PASSWORD, { from: GREEDY });
  };
  const registering = async () => () =>
    call(`${auth}/auth/register`, {
      body: { email: newEmail(), password: PASSWORD },
      from: GREEDY,
    });

  // threat:login-floods
  it.each([
    ['logins with its own password', greedy],
    ['registrations', registering],
  ])('leaves room for everybody else: %s', async (_name, requests) => {
    const emails = await Promise.all(Array.from({ length: OTHERS }, () => register(auth)));
    const request = await requests();
    const statuses = await during(request, () => logInElsewhere(emails));
    expect(statuses).toEqual(Array(OTHERS).fill(200));
  });
});
