import { describe, expect, it } from 'vitest';
import { type AccessDemands, demandAccess } from './access.js';
import type { Principal } from './claims.js';

const ada = { scopes: ['orders:read'], roles: ['user'] } as unknown as Principal;

describe('demandAccess', () => {
  it.each([
    {},
    { scopes: ['orders:read'] },
    { roles: ['admin', 'user'] },
    { scopes: [], roles: [] },
  ])('passes a caller who has what is demanded: %j', (demands) => {
    expect(() => demandAccess(ada, demands)).not.toThrow();
  });

  it.each<[AccessDemands, string]>([
    [{ scopes: ['orders:read', 'orders:write'] }, 'insufficient_scope'],
    [{ roles: ['admin'] }, 'insufficient_role'],
    [{ scopes: ['orders:write'], roles: ['admin'] }, 'insufficient_role'],
  ])('refuses a caller without it: %j', (demands, code) => {
    const refusal = { name: 'AccessError', code, requiredScopes: demands.scopes ?? [] };
    expect(() => demandAccess(ada, demands)).toThrow(expect.objectContaining(refusal));
  });
});
