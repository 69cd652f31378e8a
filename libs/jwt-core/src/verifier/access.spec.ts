import { describe, expect, it, vi } from 'vitest';
import { type AccessDemands, demandAccess } from './access.js';
import type { Principal } from './claims.js';

const agoSeconds = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;
const ada = {
  scopes: ['orders:read'],
  roles: ['user'],
  authTime: agoSeconds(60),
  acr: 'pwd',
} as unknown as Principal;

describe('demandAccess', () => {
  it.each([
    {},
    { scopes: ['orders:read'] },
    { roles: ['admin', 'user'] },
    { scopes: [], roles: [] },
    { maxAgeSeconds: 120 },
    { maxAgeSeconds: 120, acrValues: ['mfa', 'pwd'] },
  ])('passes a caller who has what is demanded: %j', (demands) => {
    expect(() => demandAccess(ada, demands)).not.toThrow();
  });

  it.each<[AccessDemands, string]>([
    [{ scopes: ['orders:read', 'orders:write'] }, 'insufficient_scope'],
    [{ roles: ['admin'] }, 'insufficient_role'],
    [{ scopes: ['orders:write'], roles: ['admin'] }, 'insufficient_role'],
    [{ maxAgeSeconds: 30 }, 'insufficient_user_authentication'],
    [{ maxAgeSeconds: 0 }, 'insufficient_user_authentication'],
    [{ maxAgeSeconds: 0, acrValues: ['pwd'] }, 'insufficient_user_authentication'],
    [{ maxAgeSeconds: NaN }, 'insufficient_user_authentication'],
    [{ acrValues: [] }, 'insufficient_user_authentication'],
    [{ acrValues: ['mfa'] }, 'insufficient_user_authentication'],
    [{ maxAgeSeconds: 120, acrValues: ['mfa'] }, 'insufficient_user_authentication'],
    [{ maxAgeSeconds: 30, scopes: ['orders:write'] }, 'insufficient_scope'],
  ])('refuses a caller without it: %j', (demands, code) => {
    const refusal = { name: 'AccessError', code, requiredScopes: demands.scopes ?? [] };
    expect(() => demandAccess(ada, demands)).toThrow(expect.objectContaining(refusal));
  });

  it('takes a login as old as is allowed, and none that is older', () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue((ada.authTime! + 60) * 1000);
    expect(() => demandAccess(ada, { maxAgeSeconds: 60 })).not.toThrow();
    now.mockReturnValue((ada.authTime! + 60) * 1000 + 1);
    expect(() => demandAccess(ada, { maxAgeSeconds: 60 })).toThrow('older than 60 s');
    now.mockRestore();
  });

  it('takes no login of the future, such as a time in milliseconds, for a recent one', () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue((ada.authTime! - 59) * 1000);
    expect(() => demandAccess(ada, { maxAgeSeconds: 60 })).not.toThrow();
    now.mockReturnValue((ada.authTime! - 60) * 1000);
    expect(() => demandAccess(ada, { maxAgeSeconds: 60 })).toThrow('older than 60 s');
    now.mockRestore();
    const inMilliseconds = { ...ada, authTime: ada.authTime! * 1000 };
    expect(() => demandAccess(inMilliseconds, { maxAgeSeconds: 60 })).toThrow('older than 60 s');
  });

  it('looks only at acr where no age is demanded', () => {
    const inMilliseconds = { ...ada, authTime: ada.authTime! * 1000 };
    expect(() => demandAccess(inMilliseconds, { acrValues: ['pwd'] })).not.toThrow();
    expect(() => demandAccess(inMilliseconds, { acrValues: ['mfa'] })).toThrow('acr is not mfa');
  });

  it.each<AccessDemands>([{ maxAgeSeconds: 1e9 }, { acrValues: ['pwd'] }, { acrValues: [''] }])(
    'refuses a token that does not say how its user was authenticated: %j',
    (demands) => {
      const principal = { scopes: [], roles: [] } as unknown as Principal;
      const code = 'insufficient_user_authentication';
      expect(() => demandAccess(principal, demands)).toThrow(
        expect.objectContaining({ code, authentication: demands }),
      );
    },
  );
});
