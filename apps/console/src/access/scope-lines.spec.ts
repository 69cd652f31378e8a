import { expect, it } from 'vitest';

import { scopesOfText, textOfScopes } from './scope-lines.js';

const SCOPES = [
  { name: 'orders:read', description: 'see one’s own orders' },
  { name: 'orders:write', description: '' },
];

it('reads what it writes', () => {
  expect(scopesOfText(textOfScopes(SCOPES))).toEqual(SCOPES);
});

it('takes no notice of empty lines and spaces around', () => {
  expect(scopesOfText('\n  orders:read   see one’s own orders \r\n\n\torders:write\n')).toEqual(
    SCOPES,
  );
});
