import { describe, expect, it } from 'vitest';

import { takeMail } from '../accounts/account-mail.fixture.js';
import { AuthApp } from '../testing/auth-app.fixture.js';
import { enrolled, said, secondStep, ticketFor } from './authenticator.fixture.js';
import type { FactorList, RecoveryCodes } from './factors.schema.js';

const { auth, mailbox } = AuthApp.forFileWithMailbox();

const FACTORS = '/auth/factors';
const list = (token: string) => auth.call<FactorList>('GET', FACTORS, { token });
const audited = (userId: string) =>
  auth.dataSource.query<{ action: string }[]>(
    `SELECT action FROM audit_events WHERE subject = $1 AND action LIKE 'factor%' ORDER BY id`,
    [userId],
  );

describe('recovery codes', () => {
  it('are ten, hashed, and each works once, however it is typed', async () => {
    const { userId, email, recoveryCodes } = await enrolled(auth);
    expect(new Set(recoveryCodes).size).toBe(10);
    const rows = await auth.dataSource.query<{ text: string }[]>(
      'SELECT row_to_json(recovery_codes)::text AS text FROM recovery_codes WHERE user_id = $1',
      [userId],
    );
    expect(rows).toHaveLength(10);
    const [first = '', second = ''] = recoveryCodes;
    const ticket = await ticketFor(auth, email);
    const login = await secondStep(auth, { ticket, recoveryCode: first });
    expect(said(login.body.access_token)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: 'mfa' });
    expect((await list(login.body.access_token)).body.recoveryCodesLeft).toBe(9);
    const again = await ticketFor(auth, email);
    const refused = await secondStep(auth, { ticket: again, recoveryCode: first });
    expect(refused.body.code).toBe('invalid_code');
    const typed = ` ${second.toUpperCase().replaceAll('-', ' ')}`;
    expect((await secondStep(auth, { ticket: again, recoveryCode: typed })).status).toBe(200);
    expect((await audited(userId)).map(({ action }) => action)).toEqual([
      'factor.added',
      'factor.recovery_code_used',
      'factor.recovery_code_used',
    ]);
  });

  it('are made anew, and the ones before no longer work', async () => {
    const { email, token, recoveryCodes } = await enrolled(auth);
    const path = `${FACTORS}/recovery-codes`;
    const made = await auth.call<RecoveryCodes>('POST', path, { token });
    expect(made).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(made.body.recoveryCodes).toHaveLength(10);
    const ticket = await ticketFor(auth, email);
    const old = await secondStep(auth, { ticket, recoveryCode: recoveryCodes[0] });
    expect(old.body.code).toBe('invalid_code');
    const recoveryCode = made.body.recoveryCodes[9];
    expect((await secondStep(auth, { ticket, recoveryCode })).status).toBe(200);
    const { text } = await takeMail(auth, mailbox, email, 'new second factor');
    expect(text).toMatch(/An authenticator app|A new set of recovery codes/);
  });

  it('are of no use to users without a factor', async () => {
    const ada = await enrolled(auth);
    // As if another session had removed it at the same moment.
    await auth.dataSource.query('UPDATE users SET has_second_factor = false WHERE id = $1', [
      ada.userId,
    ]);
    const made = await auth.call('POST', `${FACTORS}/recovery-codes`, { token: ada.token });
    expect(made).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });
});

describe('new recovery codes', () => {
  it('send their user a mail', async () => {
    const { email, token } = await enrolled(auth);
    const { text } = await takeMail(auth, mailbox, email, 'new second factor');
    expect(text).toContain('An authenticator app was added');
    await auth.call('POST', `${FACTORS}/recovery-codes`, { token });
    const { text: next } = await takeMail(auth, mailbox, email, 'new second factor');
    expect(next).toContain('A new set of recovery codes');
  });
});
