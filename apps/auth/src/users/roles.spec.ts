import { describe, expect, it } from 'vitest';

import { grantedScopes, type Role } from './roles.js';

describe('granted scopes', () => {
  it.each<[Role[], string | null, string]>([
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
  ])('of the roles %j, for the requested scope %j, are %j', (roles, requested, granted) => {
    expect(grantedScopes(roles, requested).join(' ')).toBe(granted);
  });
});
