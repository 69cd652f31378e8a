import { beforeAll, describe, expect, it } from 'vitest';

import type { CreatedClient } from '../clients/clients.schema.js';
import { said } from '../factors/authenticator.fixture.js';
import { SessionEndService } from '../sessions/session-end.service.js';
import { AuthApp, PASSWORD, type ProblemBody } from '../testing/auth-app.fixture.js';
import { ADMINISTRATION, isWaiting, whileHeld } from '../testing/held-locks.fixture.js';

const { auth } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

type Method = 'POST' | 'PUT' | 'DELETE';
const administer = async <Body>(path: string, body: object): Promise<Body> =>
  (await auth.call<Body>('POST', `/admin/${path}`, { token: admin, body })).body;

let count = 0;
async function newUser(roles = ['user']) {
  const email = `urgent-${(count += 1)}@example.com`;
  const { id } = await administer<{ id: string }>('users', { email, password: PASSWORD, roles });
  return { id, token: (await auth.login(email)).access_token };
}

const endSessions = (userId: string) =>
  auth.dataSource.transaction((manager) =>
    auth
      .get(SessionEndService)
      .endAllSessions(manager, { userId, reason: 'logout_everywhere', actor: userId }),
  );

/** In an incident they must not wait for a long administration, as the deletion of a role that many have. */
const URGENT = {
  'DELETE users/{id}/sessions/{sid}': undefined,
  'DELETE users/{id}/sessions': undefined,
  'PUT users/{id}/password': {},
  'POST users/{id}/password/reset': { required: true },
  'DELETE users/{id}/factors': undefined,
  'POST revocations': { kind: 'sid', id: '{sid}' },
  'DELETE clients/{client}': undefined,
};

describe('what ends something', () => {
  async function targets() {
    const user = await newUser();
    const traits = { name: 'a service', grants: ['client_credentials'], scopes: [] };
    const { id: client } = await administer<CreatedClient>('clients', traits);
    const ids: Record<string, string> = { id: user.id, sid: said(user.token).sid, client };
    const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => ids[name]!);
    const request = (route: string, body: object | undefined, token: string) => {
      const [method, path] = filled(route).split(' ') as [Method, string];
      const filledBody = body && (JSON.parse(filled(JSON.stringify(body))) as object);
      return auth.call<ProblemBody>(method, `/admin/${path}`, { token, body: filledBody });
    };
    return { user, client, request };
  }

  it.each(Object.entries(URGENT))('waits for no other administration: %s', async (route, body) => {
    const { request } = await targets();
    const answer = await whileHeld(auth, ADMINISTRATION, () => request(route, body, admin));
    expect(answer.status).toBeLessThan(300);
  });

  it('waits for no administration if users delete their accounts', async () => {
    const { token } = await newUser();
    const remove = () => auth.call('DELETE', '/auth/me', { token });
    expect(await whileHeld(auth, ADMINISTRATION, remove)).toMatchObject({ status: 204 });
  });

  it('waits for the others if administrators delete their accounts: one has to remain', async () => {
    const { token } = await newUser(['admin']);
    const { waiting } = await whileHeld(auth, ADMINISTRATION, async () => {
      const waiting = auth.call('DELETE', '/auth/me', { token });
      await isWaiting(auth, 1);
      return { waiting };
    });
    expect(await waiting).toMatchObject({ status: 204 });
  });

  // threat:queued-requests
  it.each(Object.entries(URGENT))(
    'is refused if its caller is logged out while it waits: %s',
    async (route, body) => {
      const { user, client, request } = await targets();
      const caller = await newUser(['admin']);
      const lock = `SELECT FROM users, clients
        WHERE users.id = '${user.id}' AND clients.id = '${client}' FOR UPDATE`;
      const { waiting } = await whileHeld(auth, lock, async () => {
        const waiting = request(route, body, caller.token);
        await isWaiting(auth, 1);
        await endSessions(caller.id);
        return { waiting };
      });
      expect(await waiting).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
      expect((await auth.call('GET', '/auth/me', { token: user.token })).status).toBe(200);
    },
  );
});
