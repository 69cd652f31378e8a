import { describe, expect, it } from 'vitest';

import { AuthApp, PASSWORD } from '../testing/auth-app.fixture.js';
import type { MfaDemand } from '../sessions/login.schema.js';
import { addApp, said, secondStep } from './authenticator.fixture.js';
import type { FactorList } from './factors.schema.js';
import { WebAuthn } from './web-authn.js';
import {
  addPasskey,
  passkeyOptions,
  passkeyOwner,
  SoftPasskey,
  type Deviation,
} from './soft-passkey.fixture.js';

const ORIGIN = 'http://localhost:3000';
const PAGE = 'https://app.example.com';

const auth = AuthApp.forFile({ ISSUER: ORIGIN, CORS_ORIGINS: PAGE });

const refused = (code: string, status = 401) => ({ status, body: { code } });
const CREATION = '/auth/factors/passkeys/options';
const optionsFor = (path: string, token?: string) => passkeyOptions(auth, path, token);
const add = (...added: [string, SoftPasskey, string?, Deviation?]) => addPasskey(auth, ...added);
const owner = (isSynced = false) => passkeyOwner(auth, new SoftPasskey(ORIGIN, isSynced));

let count = 0;
async function newUser() {
  const email = `passkeys-${(count += 1)}@example.com`;
  const { id } = (await auth.register(email)).body;
  return { email, id, ...(await auth.login(email)) };
}
async function demandFor(email: string): Promise<MfaDemand['mfa']> {
  const body = { email, password: PASSWORD };
  return (await auth.call<MfaDemand>('POST', '/auth/login', { body })).body.mfa;
}

describe('a passkey', () => {
  it('is added with a name, beside others, and comes with recovery codes as the first factor', async () => {
    const { id, email, access_token: token, refresh_token: refresh } = await newUser();
    const options = await optionsFor(CREATION, token);
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { id: Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url'), name: email },
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
    });
    const first = new SoftPasskey(ORIGIN);
    const added = await add(token, first, 'Laptop');
    expect(added).toMatchObject({ status: 201, body: { kind: 'passkey', name: 'Laptop' } });
    expect(added.headers['cache-control']).toBe('no-store');
    expect(added.body.recoveryCodes).toHaveLength(10);
    const { access_token: proved } = (await auth.refresh(refresh)).body;
    expect(said(proved)).toMatchObject({ acr: 'mfa', amr: ['pwd', 'hwk', 'mfa'] });
    expect(await optionsFor(CREATION, proved)).toMatchObject({
      excludeCredentials: [{ id: first.id, transports: ['internal'] }],
    });
    const second = await add(proved, new SoftPasskey(PAGE, true), 'Phone');
    expect(second.status).toBe(201);
    expect(second.body).not.toHaveProperty('recoveryCodes');
    const { body } = await auth.call<FactorList>('GET', '/auth/factors', { token: proved });
    expect(body.items.map(({ name }) => name)).toEqual(['Laptop', 'Phone']);
    expect(JSON.stringify(body)).not.toContain(first.id);
  });

  it.each<[string, Deviation]>([
    ['on a page of someone else', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['without verification of the user', { isVerified: false }],
    ['by an answer to a login', { type: 'webauthn.get' }],
    ['for a challenge that was never issued', { challenge: 'AAAA' }],
  ])('is not added %s', async (_, deviation) => {
    const { access_token: token } = await newUser();
    const answer = await add(token, new SoftPasskey(ORIGIN), undefined, deviation);
    expect(answer).toMatchObject(refused('invalid_passkey', 400));
    const { body } = await auth.call<FactorList>('GET', '/auth/factors', { token });
    expect(body.items).toEqual([]);
  });

  it('is not added with a certificate, at whose lists the library would look', async () => {
    const { access_token: token } = await newUser();
    const created = new SoftPasskey(ORIGIN).create(await optionsFor(CREATION, token), {
      format: 'apple',
    });
    const verifying = auth.get(WebAuthn).verifyCreation(created, () => Promise.resolve(true));
    await expect(verifying).rejects.toMatchObject({
      ...{ code: 'wrong_new_passkey', cause: { message: 'There is an attestation: apple' } },
    });
  });

  it('is made after a recent login only', async () => {
    const { access_token: old, refresh_token: refresh } = await newUser();
    await auth.dataSource.query(
      `UPDATE sessions SET authenticated_at = now() - interval '6 minutes' WHERE id = $1`,
      [said(old).sid],
    );
    const { access_token: token } = (await auth.refresh(refresh)).body;
    expect(await auth.call('POST', CREATION, { token })).toMatchObject({
      ...refused('insufficient_user_authentication'),
      headers: { 'www-authenticate': expect.stringContaining('max_age="300"') as string },
    });
  });

  it('is not added twice, nor for the challenge of another session', async () => {
    const ada = await owner();
    const again = await add(ada.token, ada.passkey);
    expect(again).toMatchObject(refused('invalid_passkey', 400));
    const bob = await newUser();
    const theirs = await add(bob.access_token, ada.passkey);
    expect(theirs).toMatchObject(refused('invalid_passkey', 400));
    const { access_token: other } = await auth.login(bob.email);
    const passkey = new SoftPasskey(ORIGIN).create(await optionsFor(CREATION, other));
    const answer = await auth.call('POST', '/auth/factors/passkeys', {
      ...{ token: bob.access_token, body: { passkey } },
    });
    expect(answer).toMatchObject(refused('invalid_passkey', 400));
  });

  it('is not added by a stolen access token', async () => {
    const { email, access_token: token } = await newUser();
    const { access_token: owner } = await auth.login(email);
    const created = new SoftPasskey(ORIGIN).create(await optionsFor(CREATION, token));
    await addApp(auth, owner);
    const insufficient = refused('insufficient_user_authentication');
    expect(await auth.call('POST', CREATION, { token })).toMatchObject(insufficient);
    const body = { passkey: created };
    const path = '/auth/factors/passkeys';
    expect(await auth.call('POST', path, { token, body })).toMatchObject(insufficient);
  });

  it('is refused at once to a user who sends many, and keeps no connection from others', async () => {
    const { access_token: token } = await newUser();
    const response = { clientDataJSON: 'AAAA', attestationObject: 'AAAA' };
    const passkey = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response };
    // More than there are connections.
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        auth.call('POST', '/auth/factors/passkeys', { token, body: { passkey } }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
  });

  it('is one of 20 at most', async () => {
    const { id, token } = await owner();
    await auth.dataSource.query(
      `WITH more AS (
         INSERT INTO factors (id, user_id, kind, name, created_at)
         SELECT gen_random_uuid(), $1, 'passkey', 'x', now() FROM generate_series(1, 19)
         RETURNING id)
       INSERT INTO passkeys SELECT id, id::text, '', 0, '{}', false FROM more`,
      [id],
    );
    expect(await add(token, new SoftPasskey(ORIGIN))).toMatchObject(refused('conflict', 409));
  });
});

describe('a passkey as second factor', () => {
  it.each([
    [false, 'hwk'],
    [true, 'swk'],
  ])('completes a login (synced: %s)', async (isSynced, method) => {
    const { email, passkey } = await owner(isSynced);
    const { ticket, methods, passkey: options = {} } = await demandFor(email);
    expect(methods).toEqual(['passkey', 'recovery-code']);
    expect(options).toMatchObject({ userVerification: 'required', rpId: 'localhost' });
    const login = await secondStep(auth, { ticket, passkey: passkey.get(options) });
    expect(said(login.body.access_token)).toMatchObject({
      ...{ acr: 'mfa', amr: ['pwd', method, 'mfa'] },
    });
  });

  it('is of this user, and signs the challenge of this login', async () => {
    const [ada, bob] = [await owner(), await owner()];
    const { ticket, passkey: options = {} } = await demandFor(ada.email);
    const { passkey: others = {} } = await demandFor(bob.email);
    const { passkey: newer = {} } = await demandFor(ada.email);
    const wrong = refused('invalid_passkey');
    const answer = (assertion: object) => secondStep(auth, { ticket, passkey: assertion });
    expect(await answer(bob.passkey.get(options))).toMatchObject(wrong);
    expect(await answer(ada.passkey.get(others))).toMatchObject(wrong);
    expect(await answer(ada.passkey.get(newer))).toMatchObject(wrong);
    const alone = await optionsFor('/auth/login/passkey/options');
    expect(await answer(ada.passkey.get(alone))).toMatchObject(wrong);
    expect((await answer(ada.passkey.get(options))).status).toBe(200);
  });

  it('raises a session, and once for each challenge', async () => {
    const { token, passkey } = await owner();
    const options = await optionsFor('/auth/step-up/options', token);
    const body = { passkey: passkey.get(options) };
    const stepUp = () =>
      auth.call<{ access_token: string; code: string }>('POST', '/auth/step-up', { token, body });
    const raised = await stepUp();
    expect(said(raised.body.access_token)).toMatchObject({ acr: 'mfa' });
    expect(await stepUp()).toMatchObject(refused('invalid_passkey'));
    const { access_token: plain } = await newUser();
    const none = await auth.call('POST', '/auth/step-up/options', { token: plain });
    expect(none).toMatchObject(refused('conflict', 409));
  });
});

describe('pages of other hosts', () => {
  it('are named to browsers', async () => {
    const answer = await auth.call('GET', '/.well-known/webauthn');
    expect(answer.body).toEqual({ origins: [ORIGIN, PAGE] });
  });
});
