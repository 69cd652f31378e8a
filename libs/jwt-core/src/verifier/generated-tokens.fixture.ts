import { createHmac, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
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

const STRANGE: readonly unknown[] = [
  undefined, null, true, '', 'x', 's'.repeat(255), 's'.repeat(256), '\ud800', 'é😀', 0, -1, 1.5,
  1e308, -1e308, 2 ** 53, NOW * 1000, String(NOW), [], {}, [[]], ['x'], [1], [null], { a: [{}] },
  [[AUDIENCE]], [ISSUER], { toString: 'x' },
]; // oxfmt-ignore
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

const likelyValues = (name: string) => (Object.hasOwn(LIKELY, name) ? LIKELY[name]! : []);

/** What somebody may write in the place of a claim or of a member of the header. */
const anotherClaim = fc
  .constantFrom(...NAMES)
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...likelyValues(name), ...STRANGE)));
const anotherMember = fc
  .constantFrom(...Object.keys(HEADERS))
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...HEADERS[name]!)));

/** One of ten is spelled in another way, of which many mean the same. */
const respelling = fc.oneof(
  { weight: 9, arbitrary: fc.constant((json: string): string | Buffer => json) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(), fc.constantFrom(0x00, 0x7f, 0x80, 0xc0, 0xff))
      .chain(([at, byte]) =>
        fc.constantFrom<(json: string) => string | Buffer>(
          (json) => json.replaceAll(',"', ' ,\n\t"'),
          (json) => json.replace('{', '{"sub":"eve","alg":"none",'),
          (json) => json.replace(/\}$/, ',"sub":"eve","kid":"k"}'),
          (json) => json.replace(/\}$/, ',"\\u0073ub":"eve","\\u006bid":"k"}'),
          (json) => json.replace(/\}$/, ',"own":[{"a":1,"a":2}]}'),
          (json) => json.replace('{', '{"__proto__":{"sub":"eve"},'),
          (json) =>
            json.replace(
              /"(sub|kid)"/,
              (_, name: string) => `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`,
            ),
          (json) => json.replace(/:(\d+)/g, ':$1.0'),
          (json) => json.replace(/:(\d+)/g, ':$1e0'),
          (json) => json.replace(/"exp":\d+/, '"exp":1e999'),
          (json) => json.replace(/"exp":\d+/, '"exp":0x7fffffff'),
          (json) => `\ufeff${json}`,
          (json) => `${json} `,
          (json) => `${json}{}`,
          (json) => `[${json}]`,
          (json) => json.slice(0, -1),
          (json) => {
            const bytes = Buffer.from(json);
            bytes[at % bytes.length] = byte;
            return bytes;
          },
        ),
      ),
  },
);

interface Keys {
  readonly algorithm: SigningAlgorithm;
  readonly issuer: KeyObject;
  readonly stranger: KeyObject;
  /** The issuer's public key in the forms in which it could be taken for a secret. */
  readonly secrets: readonly (string | Buffer)[];
}

const written = fc.record({
  age: fc.constantFrom(...AGES),
  jti: fc.nat().map((number) => `jti-${number}`),
  claims: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(anotherClaim, { maxLength: 2 }) },
  ),
  header: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(anotherMember, { maxLength: 1 }) },
  ),
  respellings: fc.tuple(respelling, respelling),
  signer: fc.oneof(
    { weight: 30, arbitrary: fc.constant('issuer' as const) },
    { weight: 1, arbitrary: fc.constantFrom('stranger', 'secret', 'nobody') },
  ),
  at: fc.nat(),
});

/** Tokens as some issuer or attacker could make them: half of them as they should be. */
export function generatedToken({ algorithm, issuer, stranger, secrets }: Keys) {
  return written.map(({ age, jti, claims, header, respellings, signer, at }) => {
    const times = { iat: NOW - age, exp: NOW - age + LIFETIME };
    const [headerSpelling, payloadSpelling] = respellings;
    const payload = payloadSpelling(
      JSON.stringify({ ...CLAIMS, ...times, jti, ...Object.fromEntries(claims) }),
    );
    if (signer === 'secret' || signer === 'nobody') {
      const alg = ['none', 'HS256', algorithm][at % 3];
      const input = `${segment({ ...HEADER, alg })}.${segment(payload)}`;
      const mac = createHmac('sha256', secrets[at % secrets.length]!).update(input);
      return `${input}.${signer === 'secret' ? mac.digest('base64url') : ''}`;
    }
    return signed(
      headerSpelling(JSON.stringify({ ...HEADER, alg: algorithm, ...Object.fromEntries(header) })),
      payload,
      signer === 'issuer' ? issuer : stranger,
      algorithm,
    );
  });
}

/** A change of the text of a token, for which there is another one at hand. */
export type Mutation = (token: string, another: string) => string;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const inserted = (text: string, at: number, more: string) =>
  text.slice(0, at) + more + text.slice(at);
const inSegment = (token: string, at: number, change: (segment: string) => string) => {
  const segments = token.split('.');
  return segments.map((text, i) => (i === at % segments.length ? change(text) : text)).join('.');
};

/** One thing about the text of a token is changed. It may be another good one by chance. */
export const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    position: fc.nat({ max: 4096 }),
    segmentAt: fc.nat({ max: 2 }),
    otherAt: fc.nat({ max: 2 }),
    bit: fc.nat({ max: 7 }),
    character: fc.constantFrom(...ALPHABET),
    kind: fc.nat({ max: 16 }),
  })
  .map(({ position, segmentAt, otherAt, bit, character, kind }) => (token, another) => {
    const at = position % (token.length + 1);
    const mutations: (() => string)[] = [
      () =>
        token.slice(0, at) +
        String.fromCharCode(token.charCodeAt(at) ^ (1 << bit)) +
        token.slice(at + 1),
      () => token.slice(0, at) + character + token.slice(at + 1),
      // The last character of a segment: its unused bits are where signatures have many spellings.
      () => inSegment(token, segmentAt, (text) => text.slice(0, -1) + character),
      () => inserted(token, at, [character, '.', ' ', '\n'][bit % 4]!),
      () => inSegment(token, segmentAt, (text) => `${text}${['=', '==', 'A', 'AA', ' '][bit % 5]}`),
      () => token.replaceAll('-', '+').replaceAll('_', '/'),
      () => token.slice(0, at),
      () => token.slice(at),
      () => inSegment(token, segmentAt, () => another.split('.')[otherAt] ?? ''),
      () => inSegment(token, segmentAt, () => another.split('.')[segmentAt] ?? ''),
      () => token.split('.').reverse().join('.'),
      () => `${token}.${token.split('.')[segmentAt]}`,
      () => token.replace(/\.[^.]*$/, '.'),
      () => `Bearer ${token}`,
      () => token.toLowerCase(),
      () => token + 'A'.repeat(8192),
      () => '',
    ];
    return mutations[kind]!();
  });
