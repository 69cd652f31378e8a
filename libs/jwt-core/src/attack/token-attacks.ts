import { randomBytes } from 'node:crypto';
import { publicJwk } from '../test-issuer/access-token.js';
import { type Attack, attacks, type Table } from './attack.js';
import { base64url, decoded, type Forge, PADDINGS, type Text } from './forge.js';

type Spoil<Part> = (part: Part, forge: Forge) => Part;
type SpoilTable<Part> = Readonly<Record<string, Spoil<Part>>>;

/** An attack for each row of a table. */
function each<Row>(
  rows: Readonly<Record<string, Row>>,
  attack: (f: Forge, row: Row) => ReturnType<Table[string]>,
  label = (name: string) => name,
): Table {
  const entries = Object.entries(rows);
  return Object.fromEntries(entries.map(([name, row]) => [label(name), (f) => attack(f, row)]));
}

const inLatin1 = (member: string) => (json: Text) =>
  Buffer.from(String(json).replace('{', `{"x":"${member}",`), 'latin1');
const fixed = (text: string) => () => text;
const texts: SpoilTable<Text> = {
  'an array': fixed('[]'),
  'an empty object': fixed('{}'),
  null: fixed('null'),
  'a number': fixed('7'),
  'no JSON': fixed('x'),
  nothing: fixed(''),
  'in an array': (json) => `[${String(json)}]`,
  'and more': (json) => `${String(json)}x`,
  'written twice': (json) => `${String(json)}${String(json)}`,
  'in a string': (json) => JSON.stringify(json),
  'in __proto__': (json) => `{"__proto__":${String(json)}}`,
  'in UTF-16': (json) => Buffer.from(String(json), 'utf16le'),
  'bad UTF-8': inLatin1('\xff'),
  'overlong UTF-8': inLatin1('\xc0\xaf'),
};
const bom: SpoilTable<Text> = { 'a byte order mark': (json) => `\ufeff${String(json)}` };

/** A text in place of the header (0) or the payload (1), signed by the issuer. */
const withText = (part: number) => (f: Forge, spoil: Spoil<Text>) =>
  f.token(f.texts().map((text, index) => (index === part ? spoil(text, f) : text)));

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const spellings: SpoilTable<string> = {
  padding: (segment) => `${segment}==`,
  'a space': (segment) => segment.replace(/^..../, '$& '),
  'a foreign character': (segment) => segment.replace(/^..../, '$&*'),
  '+ and /': (segment) => segment.replaceAll('-', '+').replaceAll('_', '/'),
};
const unusedBit: SpoilTable<string> = {
  // The next character has the same used bits.
  'an unused bit': (segment) =>
    segment.replace(/.$/, (last) => ALPHABET[ALPHABET.indexOf(last) + 1]!),
};

/** Another spelling of a segment: of header (0) and payload (1) with a good signature over it. */
const respelt = (part: number) => (f: Forge, respell: Spoil<string>) => {
  const input = f.texts().map((json, index) => {
    // With - and _ in base64url, and of a length that leaves four bits of the last character
    // unused.
    const text = json.replace('{', '{"x":"?????~~~~~",');
    const segment = base64url(text + ' '.repeat((7 - (text.length % 3)) % 3));
    return index === part ? respell(segment, f) : segment;
  });
  const token = f.signed(input.join('.'));
  return part < 2 ? token : token.replace(/[^.]+$/, (signature) => respell(signature, f));
};

const flipped = (at: number) => (signature: Buffer) => {
  const changed = Buffer.from(signature);
  changed[(at + changed.length) % changed.length]! ^= 1;
  return changed;
};
const changedBytes: SpoilTable<Buffer> = {
  'the first byte': flipped(0),
  'a byte in the middle': flipped(128),
  'the last byte': flipped(-1),
  'of another token': (_, f) => decoded(f.segments()[2]),
  'cut by a byte': (signature) => signature.subarray(0, -1),
  'cut in half': (signature) => signature.subarray(0, 128),
  'left out': () => Buffer.alloc(0),
};
const madeUp: SpoilTable<Buffer> = {
  'a byte more': (signature) => Buffer.concat([signature, Buffer.alloc(1)]),
  'a zero before': (signature) => Buffer.concat([Buffer.alloc(1), signature]),
  zeros: ({ length }) => Buffer.alloc(length),
  one: ({ length }) => flipped(-1)(Buffer.alloc(length)),
  ones: ({ length }) => Buffer.alloc(length, 255),
  random: ({ length }) => randomBytes(length),
  // The same number to lax arithmetic (RFC 8017 section 5.2.2).
  'plus the modulus': (signature, { key }) => {
    const modulus = decoded(String(publicJwk(key).n)).toString('hex');
    const sum = (BigInt(`0x${signature.toString('hex')}`) + BigInt(`0x${modulus}`)).toString(16);
    return Buffer.from(sum.padStart(sum.length + (sum.length % 2), '0'), 'hex');
  },
};
const resigned = (token: string, f: Forge, spoil: Spoil<Buffer>) =>
  token.replace(/[^.]*$/, (signature) => base64url(spoil(decoded(signature), f)));

/** Changes to a token whose signature stays. */
const changedText: SpoilTable<string> = {
  'another payload': (token) =>
    token.replace(/(?<=\.)[^.]+(?=\.)/, (payload) =>
      base64url(decoded(payload).toString().replace('"sub":"', '"sub":"x')),
    ),
  'another header': (token) =>
    token.replace(/^[^.]+/, (header) =>
      base64url(decoded(header).toString().replace('{', '{"x":1,')),
    ),
};
const movedDots: SpoilTable<string> = {
  'moved dots': (token) => token.replaceAll(/\.(.)/g, '$1.'),
};

/** A change to a token that the service has seen, and may have remembered. */
const seen = (f: Forge, change: (token: string) => string) => {
  const after = f.good();
  return { after, token: change(after) };
};
const seenName = (name: string) => `a seen token: ${name}`;

export const tokenAttacks: readonly Attack[] = [
  ...['header', 'claims'].flatMap((group, part) => [
    ...attacks(
      group,
      'json',
      each(texts, withText(part), (name) => `text: ${name}`),
    ),
    ...attacks(group, 'bom', each(bom, withText(part))),
  ]),
  ...['header', 'payload', 'signature'].flatMap((name, part) => {
    const label = (spelling: string) => `${spelling} in the ${name}`;
    return [
      ...attacks('form', 'form', each(spellings, respelt(part), label)),
      ...attacks('form', 'bits', each(unusedBit, respelt(part), label)),
    ];
  }),
  ...attacks('form', 'form', {
    'four segments': (f) => `${f.good()}.e30`,
    'five segments': (f) => `${f.good()}.e30.e30`,
    'two segments': (f) => f.segments().slice(0, 2).join('.'),
    'the payload alone': (f) => f.segments()[1],
    'a dot at the end': (f) => `${f.good()}.`,
    'a dot at the beginning': (f) => `.${f.good()}`,
    'an escaped dot': (f) => f.good().replace('.', '%2E'),
    'no header': (f) => f.segments().with(0, '').join('.'),
    'no payload': (f) => f.segments().with(1, '').join('.'),
    'two dots': () => '..',
    'the claims as JSON': (f) => f.texts()[1],
    'JWS in JSON': (f) => {
      const [header, payload, signature] = f.segments();
      return JSON.stringify({ payload, protected: header, signature });
    },
  }),
  ...attacks('form', 'size', { 'over 10 KB': (f) => f.good({ x: 'x'.repeat(8_000) }) }),
  ...attacks('signature', 'sig', {
    'of another key': (f) => f.edited(0, { member: 'x', value: '', signer: 'own' }),
    'of another key, with the kid of the issuer': (f) => f.token(f.texts(), 'own'),
    'of the payload alone': (f) => `${f.segments()[0]}.${f.signed(f.segments()[1])}`,
    ...each({ PS256: 'PS256', RS512: 'RS512', RS1: 'RS1' }, (f, by) => f.token(f.texts(), by)),
    ...each(changedText, (f, change) => change(f.good(), f)),
    ...each({ ...changedBytes, ...madeUp }, (f, spoil) => resigned(f.good(), f, spoil)),
  }),
  ...attacks(
    'signature',
    'pkcs',
    each(PADDINGS, (f, by) => f.token(f.texts(), by)),
  ),
  ...attacks('signature', 'cache', {
    ...each(
      { ...changedText, ...movedDots },
      (f, change) => seen(f, (token) => change(token, f)),
      seenName,
    ),
    ...each(changedBytes, (f, spoil) => seen(f, (token) => resigned(token, f, spoil)), seenName),
  }),
];
