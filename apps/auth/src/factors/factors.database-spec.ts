import { randomBytes, randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { takeMail } from '../accounts/account-mail.fixture.js';
import { EncryptionKeys } from '../keys/key-encryption.js';
import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import { ENCRYPTION_KEY } from '../testing/migrated-database.fixture.js';
import {
  addApp,
  codeFor,
  enrolled,
  forgetCodes,
  said,
  secondStep,
  ticketFor,
} from './authenticator.fixture.js';
import { FactorSecrets } from './factor-secrets.js';
import { FactorsRepository } from './factors.repository.js';
import type { FactorList, TotpKey } from './factors.schema.js';

const { auth, mailbox } = AuthApp.forFileWithMailbox({ SEED_DEMO: 'on' });

const FACTORS = '/auth/factors';
const list = (token: string) => auth.call<FactorList>('GET', FACTORS, { token });
const enrol = (token: string, body?: unknown) =>
  auth.call<TotpKey & { code: string }>('POST', `${FACTORS}/totp`, { token, body });
const confirm = (token: string, code: string) =>
  auth.call('POST', `${FACTORS}/totp/confirm`, { token, body: { code } });
const audited = (userId: string) =>
  auth.dataSource.query<{ action: string; actor: string; detail: object }[]>(
    `SELECT action, actor, detail FROM audit_events
     WHERE subject = $1 AND action LIKE 'factor%' ORDER BY id`,
    [userId],
  );

let registered = 0;
async function newcomer() {
  const email = `newcomer-${(registered += 1)}@example.com`;
  const { id } = (await auth.register(email)).body;
  return { email, id, ...(await auth.login(email)) };
}

/** As if the user of a token had logged in that long ago. */
async function aged(refreshToken: string, minutes: number): Promise<string> {
  const { body } = await auth.refresh(refreshToken);
  await auth.dataSource.query(
    `UPDATE sessions SET authenticated_at = now() - $2 * interval '1 minute' WHERE id = $1`,
    [said(body.access_token).sid, minutes],
  );
  return (await auth.refresh(body.refresh_token)).body.access_token;
}

describe('an authenticator app', () => {
  it('gets its secret as text, as a URI and as a picture, and counts once it is confirmed', async () => {
    const { email, access_token: token, refresh_token: refresh } = await newcomer();
    const key = await enrol(token, { name: 'Phone' });
    expect(key.status).toBe(200);
    expect(key.headers['cache-control']).toBe('no-store');
    const { secret, uri, qrCode, expiresIn } = key.body;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(expiresIn).toBe(900);
    const { host, pathname, searchParams } = new URL(uri);
    expect([host, decodeURIComponent(pathname)]).toEqual(['totp', `/localhost:${email}`]);
    expect(searchParams.get('secret')).toBe(secret);
    const [head, picture = ''] = qrCode.split(',');
    expect(head).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(picture, 'base64').toString()).toMatch(/^<svg.*<\/svg>$/s);
    // Not a factor yet.
    expect((await list(token)).body).toEqual({ items: [], recoveryCodesLeft: 0, requiredBy: [] });
    expect((await auth.login(email)).access_token).toBeTypeOf('string');

    const added = await confirm(token, codeFor(auth, secret));
    expect(added).toMatchObject({
      status: 200,
      body: { kind: 'totp', name: 'Phone', lastUsedAt: null },
      headers: { 'cache-control': 'no-store' },
    });
    const { items, recoveryCodesLeft } = (await list(token)).body;
    expect(items).toHaveLength(1);
    expect(added.body).toMatchObject({ ...items[0] });
    expect(recoveryCodesLeft).toBe(10);
    // A user who adds a factor has proved it.
    const next = said((await auth.refresh(refresh)).body.access_token);
    expect(next).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'mfa' });
  });

  it('is in the audit log, and its owner gets a mail without the name that was chosen', async () => {
    const { email, id, access_token: token } = await newcomer();
    const { secret } = (await enrol(token, { name: 'Call 555' })).body;
    await confirm(token, codeFor(auth, secret));
    const { text } = await takeMail(auth, mailbox, email, 'new second factor');
    expect(text).toContain('An authenticator app was added');
    expect(text).not.toContain('555');
    const [{ factorId = '' } = {}] = (await audited(id)).map(
      ({ detail }) => detail as { factorId?: string },
    );
    expect(await audited(id)).toEqual([
      { action: 'factor.added', actor: id, detail: { kind: 'totp', factorId } },
    ]);
    expect(factorId).toBe((await list(token)).body.items[0]?.id);
  });

  it('is not readable in the database, and its secret is bound to its user', async () => {
    const [ada, bob] = [await enrolled(auth), await enrolled(auth)];
    const stored = await auth.dataSource.query<{ secret: Buffer }[]>('SELECT secret FROM factors');
    const bytes = (secret: string) => Buffer.from(codeSecret(secret));
    expect(stored.some(({ secret }) => secret.includes(bytes(ada.secret)))).toBe(false);
    // Someone who may write to the table and gives Bob the app of Ada.
    await auth.dataSource.query(
      `UPDATE factors SET secret = (SELECT secret FROM factors WHERE user_id = $1) WHERE user_id = $2`,
      [ada.userId, bob.userId],
    );
    const ticket = await ticketFor(auth, bob.email);
    const answer = await secondStep(auth, { ticket, code: codeFor(auth, ada.secret) });
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_code' } });
  });

  it('is encrypted anew under a new key, and the key before opens nothing any more', async () => {
    const { userId } = await enrolled(auth);
    const repository = auth.get(FactorsRepository);
    const [before, next] = [ENCRYPTION_KEY, randomBytes(32)];
    const secrets = (current: Buffer, previous?: Buffer) =>
      new FactorSecrets(new EncryptionKeys(current, previous), repository);
    const openWith = async (key: Buffer) => {
      const factor = await repository.findTotp(auth.dataSource.manager, userId);
      return secrets(key).tryOpen(userId, factor?.secret ?? Buffer.of())?.secret;
    };
    const secret = await openWith(before);
    await secrets(next, before).onModuleInit();
    expect(secret).toHaveLength(20);
    expect(await openWith(next)).toEqual(secret);
    expect(await openWith(before)).toBeUndefined();
    await secrets(before, next).onModuleInit();
    expect(await openWith(before)).toEqual(secret);
  });

  it('takes the place of the one before', async () => {
    const ada = await enrolled(auth);
    const { body: key } = await enrol(ada.token, { name: 'New phone' });
    const added = await confirm(ada.token, codeFor(auth, key.secret));
    expect(added.body).not.toHaveProperty('recoveryCodes');
    const { items, recoveryCodesLeft } = (await list(ada.token)).body;
    expect(items.map(({ name }) => name)).toEqual(['New phone']);
    expect(recoveryCodesLeft).toBe(10);
    await forgetCodes(auth, ada.userId);
    const ticket = await ticketFor(auth, ada.email);
    const old = await secondStep(auth, { ticket, code: codeFor(auth, ada.secret) });
    expect(old.body.code).toBe('invalid_code');
    const right = await secondStep(auth, { ticket, code: codeFor(auth, key.secret) });
    expect(right.status).toBe(200);
  });

  it.each([
    ['the code of another secret', 400, 'invalid_code', () => '000000'],
    ['a code of long ago', 400, 'invalid_code', (secret: string) => codeFor(auth, secret, 3)],
    ['a code of later', 400, 'invalid_code', (secret: string) => codeFor(auth, secret, -3)],
    ['five digits', 400, 'invalid_input', () => '12345'],
    ['letters', 400, 'invalid_input', () => '12345a'],
    ['digits of another script', 400, 'invalid_input', () => '١٢٣٤٥٦'],
    ['nothing', 400, 'invalid_input', () => ''],
    ['a NUL', 400, 'invalid_input', () => '12345\0'],
    ['65 characters', 400, 'invalid_input', (secret) => codeFor(auth, secret).padEnd(65)],
  ])('is not confirmed with %s', async (_, status, code, typed) => {
    const { access_token: token } = await newcomer();
    const { secret } = (await enrol(token)).body;
    expect(await confirm(token, typed(secret))).toMatchObject({ status, body: { code } });
    expect((await list(token)).body.items).toEqual([]);
  });

  it.each([
    { name: '' },
    { name: 'x'.repeat(65) },
    { name: 'a\0b' },
    { name: '\uD800' },
    { name: 7 },
  ])('is not named %j', async (body) => {
    const { access_token: token } = await auth.login('ada@example.com');
    expect((await enrol(token, body)).body.code).toBe('invalid_input');
  });

  it('is confirmed by the session that began, in time, and once', async () => {
    const { email, id, access_token: token } = await newcomer();
    const { access_token: other } = await auth.login(email);
    const conflict = { status: 409, body: { code: 'conflict' } };
    expect(await confirm(token, '123456')).toMatchObject(conflict);
    const { secret } = (await enrol(token)).body;
    expect(await confirm(other, codeFor(auth, secret))).toMatchObject(conflict);
    const expire = `UPDATE totp_enrolments SET expires_at = now() - interval '1 s' WHERE user_id = $1`;
    await auth.dataSource.query(expire, [id]);
    expect(await confirm(token, codeFor(auth, secret))).toMatchObject(conflict);
    const { secret: next } = (await enrol(token)).body;
    const both = await Promise.all([1, 2].map(() => confirm(token, codeFor(auth, next))));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await list(token)).body.items).toHaveLength(1);
  });
});

const codeSecret = (base32: string): number[] => {
  const bits = [...base32]
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'))
    .join('');
  return (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
};

describe('a stolen access token', () => {
  const insufficient = { status: 401, body: { code: 'insufficient_user_authentication' } };
  const challenge = (demand: string) => ({
    ...insufficient,
    headers: {
      'www-authenticate': `Bearer error="insufficient_user_authentication", ${demand}`,
    },
  });

  it('of an old login adds no factor', async () => {
    const { refresh_token: refresh } = await newcomer();
    const token = await aged(refresh, 6);
    expect(await enrol(token)).toMatchObject(challenge('max_age="300"'));
  });

  it('of a login with the password alone changes nothing beside another factor', async () => {
    const { email, access_token: token } = await newcomer();
    const { access_token: owner } = await auth.login(email);
    // Began before the owner had a factor.
    const { secret } = (await enrol(token)).body;
    const { id } = await addApp(auth, owner);
    const remove = await auth.call('DELETE', `${FACTORS}/${id}`, { token });
    expect(remove).toMatchObject(challenge('max_age="300", acr_values="mfa"'));
    const renew = await auth.call('POST', `${FACTORS}/recovery-codes`, { token });
    expect(renew).toMatchObject(challenge('max_age="300", acr_values="mfa"'));
    expect(await enrol(token)).toMatchObject(challenge('acr_values="mfa"'));
    expect(await confirm(token, codeFor(auth, secret))).toMatchObject(insufficient);
    expect((await list(owner)).body.items).toHaveLength(1);
  });

  it('removes no factor, and makes no recovery codes', async () => {
    const ada = await enrolled(auth);
    const remove = (token: string) => auth.call('DELETE', `${FACTORS}/${ada.factorId}`, { token });
    const renew = (token: string) => auth.call('POST', `${FACTORS}/recovery-codes`, { token });
    const old = await aged(ada.refreshToken, 6);
    expect(await remove(old)).toMatchObject(insufficient);
    expect(await renew(old)).toMatchObject(insufficient);
    // The password alone does not raise it.
    const step = { token: old, body: { password: PASSWORD } };
    expect(await auth.call('POST', '/auth/step-up', step)).toMatchObject(
      challenge('acr_values="mfa"'),
    );
    expect((await list(ada.token)).body).toMatchObject({ items: [{}], recoveryCodesLeft: 10 });
  });

  it('with a narrowed scope does not read factors', async () => {
    const body = { email: 'ada@example.com', password: PASSWORD, scope: 'orders:read' };
    const login = await auth.call<{ access_token: string }>('POST', '/auth/login', { body });
    const answer = await list(login.body.access_token);
    expect(answer).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
  });
});

describe('a factor', () => {
  it('is in the export of the account, without its secret', async () => {
    const { token, factorId } = await enrolled(auth);
    const { body } = await auth.call<{ factors: object[] }>('GET', '/auth/me/export', { token });
    const { items } = (await list(token)).body;
    expect(body.factors).toEqual(items);
    expect(items).toMatchObject([{ id: factorId }]);
    expect(JSON.stringify(body.factors)).not.toContain('secret');
  });

  it('is removed by its user alone, who gets a mail; the last one takes the recovery codes with it', async () => {
    const [ada, bob] = [await enrolled(auth), await enrolled(auth)];
    const remove = (id: string) => auth.call('DELETE', `${FACTORS}/${id}`, { token: ada.token });
    expect((await remove(bob.factorId)).status).toBe(404);
    expect((await remove(randomUUID())).status).toBe(404);
    expect((await remove('x')).status).toBe(400);
    expect((await remove(ada.factorId.toUpperCase())).status).toBe(204);
    const { access_token: token } = (await auth.refresh(ada.refreshToken)).body;
    expect((await list(token)).body).toEqual({
      items: [],
      recoveryCodesLeft: 0,
      requiredBy: [],
    });
    expect((await list(bob.token)).body.items).toHaveLength(1);
    const { text } = await takeMail(auth, mailbox, ada.email, 'second factor was removed');
    expect(text).toContain('An authenticator app was removed');
    expect((await audited(ada.userId)).map(({ action }) => action)).toEqual([
      'factor.added',
      'factor.removed',
    ]);
    expect((await auth.login(ada.email)).access_token).toBeTypeOf('string');
  });
});

describe('an administrator', () => {
  it('sees the factors of a user, and resets them: the password is enough again', async () => {
    const ada = await enrolled(auth);
    const { access_token: token } = await auth.login('admin@example.com');
    const path = `/admin/users/${ada.userId}/factors`;
    const seen = await auth.call<FactorList>('GET', path, { token });
    expect(seen.body).toMatchObject({ items: [{ kind: 'totp' }], recoveryCodesLeft: 10 });
    expect(JSON.stringify(seen.body)).not.toContain('secret');
    expect((await auth.call('DELETE', path, { token })).status).toBe(204);
    // What is so already is not done again.
    expect((await auth.call('DELETE', path, { token })).status).toBe(204);
    expect((await auth.call<FactorList>('GET', path, { token })).body).toEqual({
      items: [],
      recoveryCodesLeft: 0,
      requiredBy: [],
    });
    expect((await auth.login(ada.email)).access_token).toBeTypeOf('string');
    const { sub: actor } = said(token);
    expect((await audited(ada.userId)).slice(1)).toEqual([
      { action: 'factors.reset', actor, detail: { count: 1 } },
    ]);
    expect((await takeMail(auth, mailbox, ada.email, 'factors were removed')).text).toContain(
      'by an administrator',
    );
  });

  it('does not reset their own factors, or those of nobody', async () => {
    const { access_token: token } = await auth.login('admin@example.com');
    const reset = (id: string) =>
      auth.call('DELETE', `/admin/users/${id}/factors`, { token }).then(({ status }) => status);
    expect(await reset(said(token).sub)).toBe(409);
    expect(await reset(randomUUID())).toBe(404);
    expect(await reset('x')).toBe(404);
    const { access_token: user } = await auth.login('ada@example.com');
    const path = `/admin/users/${said(token).sub}/factors`;
    expect((await auth.call('GET', path, { token: user })).status).toBe(403);
  });
});
