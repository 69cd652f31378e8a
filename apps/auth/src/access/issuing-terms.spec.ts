import { describe, expect, it } from 'vitest';

import { grantedScopes } from './issuing-terms.js';

const ROLES: Readonly<Record<string, readonly string[]>> = {
  user: ['orders:read', 'orders:write'],
  admin: ['admin'],
  clerk: ['orders:write', 'bills:pay'],
};

/** As for `AUDIENCE`, which is auth's own, too. */
const ORDERS = ['orders:read', 'orders:write', 'admin', 'account'];

const granted = (roles: readonly string[], requested: string | null, audience = ORDERS) =>
  grantedScopes(
    { roleScopes: roles.flatMap((role) => ROLES[role] ?? []), scopes: new Set(audience) },
    requested,
  ).join(' ');

describe('granted scopes', () => {
  it.each<[string[], string | null, string]>([
    [['user'], null, 'orders:read orders:write account'],
    [['user', 'admin'], null, 'orders:read orders:write admin account'],
    [['admin'], null, 'admin account'],
    [[], null, 'account'],
    [[], 'account', 'account'],
    [['user'], 'account admin', 'account'],
    [['user'], 'orders:read', 'orders:read'],
    [['user'], 'orders:write orders:read', 'orders:read orders:write'],
    [['user'], 'orders:read admin', 'orders:read'],
    [['user'], 'admin', ''],
    [['user'], '', ''],
    [['user'], 'orders:read orders:read', 'orders:read'],
    [['user'], 'ORDERS:READ', ''],
    [[], 'orders:read', ''],
  ])('of the roles %j, for the requested scope %j, are %j', (roles, requested, scope) => {
    expect(granted(roles, requested)).toBe(scope);
  });

  it('are each there once, if two roles have it', () => {
    expect(granted(['user', 'clerk'], null)).toBe('orders:read orders:write account');
  });

  it('are only those of the audience', () => {
    expect(granted(['user', 'clerk', 'admin'], null, ['bills:pay'])).toBe('bills:pay');
    expect(granted(['user', 'admin'], null, ['admin', 'account'])).toBe('admin account');
    expect(granted(['user'], 'orders:read', ['bills:pay'])).toBe('');
  });
});
