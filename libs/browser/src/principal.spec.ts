import { expect, it } from 'vitest';

import { principalOf } from './principal.js';

const token = (payload: object) =>
  `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;

it('reads the user of a token, in any script', () => {
  const claims = { name: 'Ада Лавлейс ✓?>' };
  const roles = ['user'];
  expect(principalOf(token({ sub: 'ada', sid: 's1', scope: 'a b', roles, claims }))).toEqual({
    subject: 'ada',
    sessionId: 's1',
    scopes: ['a', 'b'],
    roles,
    claims,
  });
});

it('does without what a token may lack', () => {
  expect(principalOf(token({ sub: 'ada', scope: '' }))).toEqual({
    subject: 'ada',
    sessionId: undefined,
    scopes: [],
    roles: [],
    claims: {},
  });
});

it('knows nothing of an opaque token', () => {
  expect(principalOf('b3BhcXVl_text')).toBeUndefined();
});
