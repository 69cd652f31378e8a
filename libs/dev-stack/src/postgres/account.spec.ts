import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { firstAccount } from './account.js';

describe('the account that root hands Postgres to', () => {
  it('is the next one where there is no user postgres', () => {
    const uid = Number(execFileSync('id', ['-u', 'nobody']));
    expect(firstAccount(['no-such-user', 'nobody'])).toMatchObject({ uid });
  });

  it('is missed with a hint where there is none', () => {
    const look = () => firstAccount(['no-such-user']);
    expect(look).toThrow(expect.objectContaining({ code: 'account_missing' }));
    expect(look).toThrow('DATABASE_URL');
  });
});
