import { type Attack, attacks, type Try } from './attack.js';
import type { Forge } from './forge.js';
import type { RuleName } from './rules.js';

/** A good token, where it does not count. */
const misplaced = (
  rule: RuleName,
  label: string,
  names: readonly string[],
  place: (name: string, token: string) => Try,
) => {
  const table = names.map(
    (name) => [`${label} ${name}`, (f: Forge) => place(name, f.good())] as const,
  );
  return attacks('transport', rule, Object.fromEntries(table));
};

export const transportAttacks: readonly Attack[] = [
  ...misplaced(
    'place',
    'query',
    ['access_token', 'token', 'jwt', 'authorization'],
    (name, token) => ({
      query: `${name}=${token}`,
    }),
  ),
  ...misplaced('place', 'form', ['access_token', 'token'], (name, token) => ({
    form: `${name}=${token}`,
  })),
  ...misplaced(
    'place',
    'cookie',
    ['access_token', 'token', 'jwt', 'Authorization'],
    (name, token) => ({
      headers: ['Cookie', `${name}=${token}`],
    }),
  ),
  ...misplaced(
    'place',
    'header',
    ['X-Access-Token', 'X-Auth-Token', 'X-Authorization', 'Proxy-Authorization'],
    (name, token) => ({ headers: [name, `Bearer ${token}`] }),
  ),
  ...misplaced('two', 'Authorization', ['good, bad', 'bad, good', 'good, good'], (name, token) => ({
    headers: name
      .split(', ')
      .flatMap((one) => ['Authorization', `Bearer ${one === 'good' ? token : 'x'}`]),
  })),
  ...misplaced(
    'scheme',
    'Authorization',
    '*|Basic *|Token *|JWT *|DPoP *|Bearer*|Bearer: *|Bearer "*"|Bearer * *|Bearer *, Bearer x|x Bearer *'.split(
      '|',
    ),
    (name, token) => ({ headers: ['Authorization', name.replaceAll('*', token)] }),
  ),
];
