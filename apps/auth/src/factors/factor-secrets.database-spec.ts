import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { EncryptionKeys } from '../keys/key-encryption.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { ENCRYPTION_KEY } from '../testing/migrated-database.fixture.js';
import { codeFor, enrolled, forgetCodes, secondStep, ticketFor } from './authenticator.fixture.js';
import { FactorSecrets } from './factor-secrets.js';
import type { TotpKey } from './factors.schema.js';

const EMAIL = 'ada@example.com';
const before = { KEY_ENCRYPTION_KEY: ENCRYPTION_KEY.toString('base64') };
const after = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
const between = { ...after, KEY_ENCRYPTION_KEY_PREVIOUS: before.KEY_ENCRYPTION_KEY };

/** An enrolment under the former key, which waits for its confirmation. */
async function enrolling() {
  const auth = await AuthApp.start(before);
  const userId = (await auth.register(EMAIL)).body.id;
  const { access_token: token } = await auth.login(EMAIL);
  const { body: key } = await auth.call<TotpKey>('POST', '/auth/factors/totp', { token });
  const { databaseUrl: DATABASE_URL } = auth;
  await auth.close();
  const confirm = (app: AuthApp) => {
    const body = { code: codeFor(app, key.secret) };
    return app.call('POST', '/auth/factors/totp/confirm', { token, body });
  };
  return { DATABASE_URL, userId, secret: key.secret, confirm };
}

describe('a change of KEY_ENCRYPTION_KEY while a user adds an authenticator app', () => {
  it('leaves an app whose codes count when the former key is gone', async () => {
    const { DATABASE_URL, userId, secret, confirm } = await enrolling();
    const changing = await AuthApp.start({ DATABASE_URL, ...between });
    expect((await confirm(changing)).status).toBe(200);
    await changing.close();
    const changed = await AuthApp.start({ DATABASE_URL, ...after });
    await forgetCodes(changed, userId);
    const ticket = await ticketFor(changed, EMAIL);
    const code = codeFor(changed, secret);
    expect((await secondStep(changed, { ticket, code })).status).toBe(200);
    await changed.close();
  });

  it('lets the user begin again when the former key is gone', async () => {
    const { DATABASE_URL, confirm } = await enrolling();
    await (await AuthApp.start({ DATABASE_URL, ...between })).close();
    const changed = await AuthApp.start({ DATABASE_URL, ...after });
    expect((await confirm(changed)).status).toBe(409);
    await changed.close();
  });
});

it('a code of an app whose secret cannot be read is wrong, and a recovery code logs in', async () => {
  const auth = await AuthApp.start(before);
  const { userId, email, secret, recoveryCodes } = await enrolled(auth);
  const unknown = new EncryptionKeys(randomBytes(32));
  await auth.dataSource.query('UPDATE factors SET secret = $2 WHERE user_id = $1', [
    userId,
    unknown.encryptSecret(Buffer.from('secret'), `totp:${userId}`),
  ]);
  const ticket = await ticketFor(auth, email);
  const refused = await secondStep(auth, { ticket, code: codeFor(auth, secret) });
  expect(refused).toMatchObject({ status: 401, body: { code: 'invalid_code' } });
  expect(auth.log.filter((line) => line.includes('unknown key')).join()).toContain(userId);
  const [recoveryCode] = recoveryCodes;
  expect((await secondStep(auth, { ticket, recoveryCode })).status).toBe(200);
  await auth.close();
});

it('an error of the database while secrets are encrypted anew ends the start', async () => {
  const [former, present] = [randomBytes(32), randomBytes(32)];
  const secret = new EncryptionKeys(former).encryptSecret(Buffer.from('secret'), 'totp:ada');
  const readOnly = new Error('cannot execute UPDATE in a read-only transaction');
  const factors = {
    secretsAfter: async () => [{ id: 'one', userId: 'ada', secret }],
    replaceSecret: () => Promise.reject(readOnly),
  };
  const secrets = new FactorSecrets(new EncryptionKeys(present, former), factors as never);
  await expect(secrets.onModuleInit()).rejects.toThrow(readOnly);
});
