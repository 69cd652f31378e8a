import { call } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administrator } from './administrator.js';
import { Stack, type StackOptions } from './stack.js';
import { newSession } from './users.js';

interface Client {
  id: string;
  secret: string;
}

const ROUNDS = 4;

/** Real processes: two of auth, the clock of the second ahead, and orders. */
describe.each<StackOptions>([
  { lastClockAheadSeconds: 3, env: {} },
  { lastClockAheadSeconds: 0, env: { CLOCK_TOLERANCE: '0s' } },
])('with %j, within one second', (options) => {
  let stack: Stack;
  let admin: Administrator;
  beforeAll(async () => {
    stack = await Stack.start({ processes: 2, withOrders: true, ...options });
    admin = await Administrator.login(stack.auth());
  });
  afterAll(() => stack?.stop());

  const newClient = async (): Promise<Client> => {
    const body = { name: 'worker', grants: ['client_credentials'], scopes: ['orders:read'] };
    return (await admin.call<Client & Record<string, unknown>>(stack.auth(), 'clients', { body }))
      .body;
  };
  const take = async (process: number, { id, secret }: Client): Promise<string> => {
    const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    const { body } = await call(`${stack.auth(process)}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    return String(body['access_token']);
  };
  const change = (process: number, { id }: Client, body: object) =>
    admin.call(stack.auth(process), `clients/${id}`, { method: 'PATCH', body });
  const revoke = (process: number, id: string) =>
    admin.call(stack.auth(process), 'revocations', { body: { kind: 'client', id } });
  const remove = (process: number, { id }: Client) =>
    admin.call(stack.auth(process), `clients/${id}`, { method: 'DELETE' });

  it.each<[string, (client: Client, round: number) => Promise<string[]>]>([
    [
      'new claims, a token, disabled',
      async (client, round) => {
        await change(0, client, { claims: { round } });
        const tokens = [await take(0, client), await take(1, client)];
        await change(0, client, { disabled: true });
        return tokens;
      },
    ],
    [
      'revoked, a token, revoked by the other process',
      async (client) => {
        await revoke(0, client.id);
        const tokens = [await take(1, client), await take(0, client)];
        await revoke(1, client.id);
        return [...tokens, ''];
      },
    ],
    [
      'new scopes, a token, removed',
      async (client) => {
        await change(1, client, { scopes: ['orders:read', 'orders:write'] });
        const tokens = [await take(1, client), await take(0, client)];
        await remove(0, client);
        return tokens;
      },
    ],
  ])('a token that was issued between two revocations ends: %s', async (_, between) => {
    const rounds = Array.from({ length: ROUNDS }, async (_each, round) => {
      const client = await newClient();
      const tokens = await between(client, round);
      const isAlive = tokens.at(-1) === '';
      for (const token of tokens.filter(Boolean)) {
        await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
      }
      // Both processes issue again at once, even if their clocks differ.
      const later = isAlive ? [await take(0, client), await take(1, client)] : [];
      for (const token of later) expect(await stack.verdict(token)).toBe('ok');
    });
    await Promise.all(rounds);
  });

  it('the same holds for the logins of users', async () => {
    await revoke(1, 'web');
    admin = await Administrator.login(stack.auth());
    const before = await Promise.all([newSession(stack.auth(0)), newSession(stack.auth(1))]);
    await revoke(0, 'web');
    const after = await Promise.all([newSession(stack.auth(0)), newSession(stack.auth(1))]);
    for (const { access_token: token } of before) {
      await expect.poll(() => stack.verdict(token)).toBe('token_revoked');
    }
    for (const { access_token: token } of after) expect(await stack.verdict(token)).toBe('ok');
  });
});
