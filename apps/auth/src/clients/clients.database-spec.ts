import { beforeAll, describe, expect, it } from 'vitest';

import { AuthApp } from '../testing/auth-app.fixture.js';
import { ClientAuthenticationService } from './client-authentication.service.js';
import type { ClientList, CreatedClient, CreatedSecret } from './clients.schema.js';

const auth = AuthApp.forFile({ SEED_DEMO: 'on' });
let admin: string;
beforeAll(async () => {
  ({ access_token: admin } = await auth.login('admin@example.com'));
});

const NEW = { name: 'billing', grants: ['client_credentials'], scopes: ['orders:read'] };
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

const create = async (body: object = NEW) =>
  auth.call<CreatedClient>('POST', '/admin/clients', { token: admin, body });
const listed = async (id: string) =>
  (await auth.call<ClientList>('GET', '/admin/clients', { token: admin })).body.find(
    (client) => client.id === id,
  );
const addSecret = (id: string) =>
  auth.call<CreatedSecret>('POST', `/admin/clients/${id}/secrets`, { token: admin });
const remove = (path: string) => auth.call('DELETE', `/admin/clients/${path}`, { token: admin });
const knows = async (id: string, secret: string) =>
  (await auth.get(ClientAuthenticationService).authenticate(id, secret)) !== undefined;
const audited = (id: string) =>
  auth.dataSource.query<object[]>(
    'SELECT action, actor FROM audit_events WHERE subject = $1 ORDER BY id',
    [id],
  );

describe('a new client', () => {
  it('shows its secret once, and keeps only a hash', async () => {
    const { status, body } = await create();
    expect(status).toBe(201);
    const { id, secret, createdAt, ...rest } = body;
    const usual = { audiences: ['api'], claims: {}, disabled: false };
    expect(rest).toEqual({ ...NEW, ...usual });
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(Date.parse(createdAt)).not.toBeNaN();
    const shown = await listed(id);
    expect(shown).toEqual({
      ...{ ...NEW, ...usual, id, createdAt },
      secrets: [{ id: expect.any(String) as string, createdAt: expect.any(String) as string }],
    });
    const rows = await auth.dataSource.query<object[]>(
      'SELECT * FROM client_secrets WHERE client_id = $1',
      [id],
    );
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(auth.log.join()).not.toContain(secret);
    expect(await audited(id)).toEqual([
      { action: 'client.created', actor: expect.any(String) as string },
    ]);
  });

  it('is known by its id and secret together', async () => {
    const [{ body: one }, { body: other }] = [await create(), await create()];
    expect(await knows(one.id, one.secret)).toBe(true);
    expect(await knows(one.id, other.secret)).toBe(false);
    expect(await knows(UNKNOWN, one.secret)).toBe(false);
    expect(await knows('\0', one.secret)).toBe(false);
  });

  it.each([
    ['no name', { ...NEW, name: ' ' }],
    ['a name with NUL', { ...NEW, name: 'a\0b' }],
    ['a name that is too long', { ...NEW, name: 'x'.repeat(101) }],
    ['no grants', { ...NEW, grants: [] }],
    ['a grant that does not exist', { ...NEW, grants: ['password'] }],
    ['a scope with a space', { ...NEW, scopes: ['a b'] }],
    ['an empty scope', { ...NEW, scopes: [''] }],
    ['more scopes than a token holds', { ...NEW, scopes: ['x'.repeat(200), 'y'.repeat(200)] }],
    ['scopes that are a text', { ...NEW, scopes: 'orders:read' }],
    ['no audience', { ...NEW, audiences: [] }],
    ['an empty audience', { ...NEW, audiences: [' '] }],
    ['an audience of 256 characters', { ...NEW, audiences: ['x'.repeat(256)] }],
    ['eleven audiences', { ...NEW, audiences: [...'abcdefghijk'] }],
    ['claims over 64 KiB', { ...NEW, claims: { a: 'ü'.repeat(32_765) } }],
    ['claims that are a list', { ...NEW, claims: [] }],
  ])('is refused with %s', async (_what, body) => {
    expect(await create(body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });

  it('is for administrators to make', async () => {
    const { access_token: token } = await auth.login('ada@example.com');
    const answers = [
      await auth.call('GET', '/admin/clients', { token }),
      await auth.call('POST', '/admin/clients', { token, body: NEW }),
      await auth.call('DELETE', `/admin/clients/${UNKNOWN}`, { token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect((await auth.call('GET', '/admin/clients')).status).toBe(401);
  });
});

describe('a second secret', () => {
  it('is as good as the first, and outlives it', async () => {
    const { body: client } = await create();
    const [first] = (await listed(client.id))?.secrets ?? [];
    const { status, body: second } = await addSecret(client.id);
    expect(status).toBe(201);
    expect(await knows(client.id, client.secret)).toBe(true);
    expect(await knows(client.id, second.secret)).toBe(true);
    expect((await remove(`${client.id}/secrets/${first?.id}`)).status).toBe(204);
    expect(await knows(client.id, client.secret)).toBe(false);
    expect(await knows(client.id, second.secret)).toBe(true);
    expect(await audited(client.id)).toMatchObject([
      { action: 'client.created' },
      { action: 'client.secret_added' },
      { action: 'client.secret_removed' },
    ]);
  });

  it('is the last, also when many are asked for at once', async () => {
    const { body: client } = await create();
    const answers = await Promise.all([1, 2, 3].map(() => addSecret(client.id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await listed(client.id))?.secrets).toHaveLength(2);
  });

  it('of another client cannot be removed through this one', async () => {
    const [{ body: one }, { body: other }] = [await create(), await create()];
    const [secret] = (await listed(other.id))?.secrets ?? [];
    expect((await remove(`${one.id}/secrets/${secret?.id}`)).status).toBe(404);
    expect(await knows(other.id, other.secret)).toBe(true);
  });
});

describe('the end of a client', () => {
  it('takes its secrets, publishes a revocation and is audited', async () => {
    const { body: client } = await create();
    const earliest = Math.floor(Date.now() / 1000);
    expect((await remove(client.id)).status).toBe(204);
    expect(await knows(client.id, client.secret)).toBe(false);
    expect(await listed(client.id)).toBeUndefined();
    const [revoked] = await auth.dataSource.query<{ exp: string; before: string }[]>(
      `SELECT exp, before FROM revoked_tokens WHERE kind = 'client' AND id = $1`,
      [client.id],
    );
    expect(Number(revoked?.before)).toBeGreaterThanOrEqual(earliest);
    expect(Number(revoked?.exp) - Number(revoked?.before)).toBe(86_460);
    expect((await audited(client.id)).at(-1)).toMatchObject({ action: 'client.deleted' });
  });

  it('comes once', async () => {
    const { body: client } = await create();
    const answers = await Promise.all([remove(client.id), remove(client.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
    expect((await addSecret(client.id)).status).toBe(404);
  });

  it.each([
    [UNKNOWN, 404],
    ['not-a-uuid', 400],
  ])('of %s is answered with %i', async (id, status) => {
    expect((await remove(id)).status).toBe(status);
  });

  it('waits for work that is done for the client', async () => {
    const { body: client } = await create();
    const order: string[] = [];
    const authentication = auth.get(ClientAuthenticationService);
    let ending: Promise<unknown> | undefined;
    const whileEnabled = (work: () => string | Promise<string>) =>
      auth.dataSource.transaction((manager) =>
        authentication.whileEnabled(manager, client.id, work),
      );
    await whileEnabled(async () => {
      ending = remove(client.id).then(() => order.push('ended'));
      const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND datname = current_database()`;
      const isWaiting = async () => (await auth.dataSource.query<object[]>(waits)).length;
      await expect.poll(isWaiting).toBe(1);
      order.push('worked');
      return 'worked';
    });
    await ending;
    expect(order).toEqual(['worked', 'ended']);
    expect(await whileEnabled(() => 'worked')).toBeUndefined();
  });
});
