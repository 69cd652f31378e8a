import { createHmac, type KeyObject } from 'node:crypto';
import {
  AUDIENCE,
  CLAIMS,
  HEADER,
  ISSUER,
  KID,
  NOW,
  segment,
  signed,
} from './signed-token.fixture.js';
import type { SigningAlgorithm } from './signature.js';

export interface Dice {
  below(n: number): number;
  chance(probability: number): boolean;
  pick<T>(of: readonly T[]): T;
}

/** Random numbers that the same seed repeats (mulberry32). */
export function diceOf(seed: number): Dice {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, chance: (p) => next() < p, pick: (of) => of[below(of.length)]! };
}

const STRANGE: readonly unknown[] = [
  undefined, null, true, '', 'x', 's'.repeat(255), 's'.repeat(256), '\ud800', 'é😀', 0, -1, 1.5,
  1e308, -1e308, 2 ** 53, NOW * 1000, String(NOW), [], {}, [[]], ['x'], [1], [null], { a: [{}] },
  [[AUDIENCE]], [ISSUER], { toString: 'x' },
]; // prettier-ignore
const TIMES = [-86_401, -86_400, -3600, -60, -6, -5, -4, -1, 0, 1, 4, 5, 6, 60, 86_400, 86_401];
const LIFETIME = 900;
const AGES = [60, 60, 60, 60, 60, 60, -6, -5, 0, LIFETIME + 4, LIFETIME + 5, LIFETIME + 6, 86_400];
const LIKELY: Record<string, readonly unknown[]> = {
  iss: [ISSUER, `${ISSUER}/`, ISSUER.toUpperCase(), [ISSUER]],
  aud: [AUDIENCE, [AUDIENCE], ['x', AUDIENCE], [AUDIENCE, 1], ['x'], `${AUDIENCE} `],
  iat: TIMES.map((seconds) => NOW + seconds),
  nbf: TIMES.map((seconds) => NOW + seconds),
  exp: TIMES.map((seconds) => NOW + seconds),
  scope: ['', ' ', 'a', 'a  b', 'orders:read'],
  roles: [[], ['admin'], ['admin', 'user']],
  claims: [{}, { tenant: { id: 1 } }],
  sid: ['x', CLAIMS.sid],
};
const NAMES = [...Object.keys(CLAIMS), 'nbf', 'claims', 'constructor'];
const HEADERS: Record<string, readonly unknown[]> = {
  alg: [
    'none',
    'rs256',
    'HS256',
    'RS256',
    'RS384',
    'EdDSA',
    'Ed25519',
    'PS256',
    'ES256',
    ['RS256'],
    undefined,
    null,
  ],
  typ: ['AT+JWT', 'application/at+jwt', 'JWT', 'at+jwt ', 'jwt', undefined, null, ['at+jwt']],
  kid: ['unknown', '', 'k'.repeat(129), 1, undefined, null, [KID]],
  crit: [['exp'], [], ['b64'], null, 'exp'],
  b64: [true, false, null],
  jwk: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
  x5u: ['https://evil.example.com'],
};

function payloadText(dice: Dice): string {
  const age = dice.pick(AGES);
  const jti = `jti-${dice.below(1e9)}`;
  const times = { iat: NOW - age, exp: NOW - age + LIFETIME };
  const claims: Record<string, unknown> = { ...CLAIMS, ...times, jti };
  for (let changes = dice.pick([0, 0, 0, 0, 1, 2]); changes > 0; changes--) {
    const name = dice.pick(NAMES);
    claims[name] = dice.pick(dice.chance(0.5) ? (LIKELY[name] ?? STRANGE) : STRANGE);
  }
  return JSON.stringify(claims);
}

function headerText(dice: Dice, alg: SigningAlgorithm): string {
  const header: Record<string, unknown> = { ...HEADER, alg };
  if (dice.chance(0.2)) {
    const name = dice.pick(Object.keys(HEADERS));
    header[name] = dice.pick(HEADERS[name]!);
  }
  return JSON.stringify(header);
}

const respellings: ((json: string, dice: Dice) => string | Buffer)[] = [
  (json) => json.replaceAll(',"', ' ,\n\t"'),
  (json) => json.replace('{', '{"sub":"eve","alg":"none",'),
  (json) => json.replace(/\}$/, ',"sub":"eve","kid":"k"}'),
  (json) => json.replace(/\}$/, ',"\\u0073ub":"eve","\\u006bid":"k"}'),
  (json) => json.replace(/\}$/, ',"own":[{"a":1,"a":2}]}'),
  (json) => json.replace('{', '{"__proto__":{"sub":"eve"},'),
  (json) => json.replace(/"(sub|kid)"/, (_, name: string) => `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`),
  (json) => json.replace(/:(\d+)/g, ':$1.0'),
  (json) => json.replace(/:(\d+)/g, ':$1e0'),
  (json) => json.replace(/"exp":\d+/, '"exp":1e999'),
  (json) => json.replace(/"exp":\d+/, '"exp":0x7fffffff'),
  (json) => `\ufeff${json}`,
  (json) => `${json} `,
  (json) => `${json}{}`,
  (json) => `[${json}]`,
  (json) => json.slice(0, -1),
  (json, dice) => {
    const bytes = Buffer.from(json);
    bytes[dice.below(bytes.length)] = dice.pick([0x00, 0x7f, 0x80, 0xc0, 0xff]);
    return bytes;
  },
]; // prettier-ignore

interface Keys {
  /** Default: RS256. */
  readonly algorithm?: SigningAlgorithm;
  readonly issuer: KeyObject;
  readonly stranger: KeyObject;
  /** The issuer's public key in the forms in which it could be taken for a secret. */
  readonly secrets: readonly (string | Buffer)[];
}

/** A token as some issuer or attacker could make it: half of them as they should be. */
export function generate(dice: Dice, keys: Keys): string {
  const { algorithm = 'RS256' } = keys;
  const respelt = (json: string) => (dice.chance(0.1) ? dice.pick(respellings)(json, dice) : json);
  const payload = respelt(payloadText(dice));
  if (dice.chance(0.03)) {
    const alg = dice.pick(['none', 'HS256', algorithm]);
    const input = `${segment({ ...HEADER, alg })}.${segment(payload)}`;
    const mac = createHmac('sha256', dice.pick(keys.secrets)).update(input).digest('base64url');
    return `${input}.${dice.pick([mac, ''])}`;
  }
  return signed(
    respelt(headerText(dice, algorithm)),
    payload,
    dice.chance(0.05) ? keys.stranger : keys.issuer,
    algorithm,
  );
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const insert = (text: string, at: number, more: string) =>
  text.slice(0, at) + more + text.slice(at);
const inSegment = (token: string, dice: Dice, change: (segment: string) => string) => {
  const segments = token.split('.');
  const at = dice.below(segments.length);
  return segments.map((text, i) => (i === at ? change(text) : text)).join('.');
};

const mutations: ((token: string, dice: Dice, another: string) => string)[] = [
  (token, dice) => {
    const at = dice.below(token.length);
    const flipped = String.fromCharCode(token.charCodeAt(at) ^ (1 << dice.below(8)));
    return token.slice(0, at) + flipped + token.slice(at + 1);
  },
  (token, dice) => {
    const at = dice.below(token.length);
    return token.slice(0, at) + dice.pick([...ALPHABET]) + token.slice(at + 1);
  },
  // The last character of a segment: its unused bits are where signatures have many spellings.
  (token, dice) => inSegment(token, dice, (text) => text.slice(0, -1) + dice.pick([...ALPHABET])),
  (token, dice) => insert(token, dice.below(token.length), dice.pick([...ALPHABET, '.', ' ', '\n'])),
  (token, dice) => inSegment(token, dice, (text) => `${text}${dice.pick(['=', '==', 'A', 'AA', ' '])}`),
  (token) => token.replaceAll('-', '+').replaceAll('_', '/'),
  (token, dice) => token.slice(0, dice.below(token.length)),
  (token, dice) => token.slice(dice.below(token.length)),
  (token, dice, another) => inSegment(token, dice, () => dice.pick(another.split('.')) ?? ''),
  (token, dice, another) => {
    const [mine, theirs, at] = [token.split('.'), another.split('.'), dice.below(3)];
    return mine.map((text, i) => (i === at ? theirs[i] : text)).join('.');
  },
  (token) => token.split('.').reverse().join('.'),
  (token, dice) => `${token}.${dice.pick(token.split('.'))}`,
  (token) => token.replace(/\.[^.]*$/, '.'),
  (token) => `Bearer ${token}`,
  (token) => token.toLowerCase(),
  (token) => token + 'A'.repeat(8192),
  () => '',
]; // prettier-ignore

/** The token with one thing about its text changed. It may be another good one by chance. */
export function mutate(token: string, dice: Dice, another: string): string {
  return dice.pick(mutations)(token, dice, another);
}
