import { constants, createHash, createHmac, privateEncrypt, sign } from 'node:crypto';
import {
  type Members,
  newKeyPair,
  publicJwk,
  signatureOf,
  type SigningKey,
} from '../test-issuer/access-token.js';
import type { TestIssuer } from '../test-issuer/test-issuer.js';

/** The text of a header or a payload, which need not be JSON. */
export type Text = string | Buffer;

export const base64url = (text: Text) => Buffer.from(text).toString('base64url');
export const decoded = (segment: string) => Buffer.from(segment, 'base64url');

/** One member with a text in place of its JSON. Without `value` it is left out. */
export interface Edit {
  readonly member: string;
  readonly value: string;
  readonly signer: string | undefined;
}

/** Makes tokens that no issuer would make, beside good ones of a test issuer. */
export class Forge {
  constructor(
    private readonly issuer: TestIssuer,
    /** Of every token, for example the scope that the service requires. */
    private readonly claims: Members,
    /** The attacker's own key and server. */
    private readonly ownKey: SigningKey,
    private readonly ownServer: string,
  ) {}

  get key(): SigningKey {
    return this.issuer.signingKey;
  }

  /** A good token that was not sent before. */
  good(claims: Members = {}): string {
    return this.issuer.mint({ ...this.claims, ...claims });
  }

  segments(): [header: string, payload: string, signature: string] {
    return this.good().split('.') as [string, string, string];
  }

  /** The texts of a good token. */
  texts(claims?: Members): [header: string, payload: string] {
    const [header = '', payload = ''] = this.good(claims).split('.');
    return [decoded(header).toString(), decoded(payload).toString()];
  }

  /** A token out of these texts, signed by the issuer. */
  token(texts: readonly Text[], by = 'RS256'): string {
    return this.signed(texts.map(base64url).join('.'), by);
  }

  signed(input: string, by = 'RS256'): string {
    const signature = signer(by, this.key, this.ownKey)(Buffer.from(input));
    return `${input}.${base64url(signature)}`;
  }

  /** A token with a change to its header (0) or its payload (1). */
  edited(part: 0 | 1, { member, value, signer: by }: Edit): string {
    const texts = this.texts();
    const members = JSON.parse(texts[part]) as Members;
    const own = by === 'own' && part === 0 ? { kid: this.ownKey.kid } : {};
    const kept = Object.entries({ ...members, ...own }).filter(([name]) => name !== member);
    const written = kept.map((pair) => pair.map((text) => JSON.stringify(text)).join(':'));
    if (value !== '') written.push(`"${member}":${this.filled(value)}`);
    texts[part] = `{${written.join()}}`;
    return this.token(texts, by);
  }

  private filled(text: string): string {
    const { issuer, audience, kid, clock } = this.issuer;
    const now = Math.floor(clock.now() / 1000);
    const values: Readonly<Record<string, string>> = {
      ...{ iss: issuer, ISS: issuer.toUpperCase(), host: new URL(issuer).host, aud: audience, kid },
      ...{ own: this.ownServer.slice('http://'.length), long: 'x'.repeat(2_000) },
      ms: String((now + 900) * 1_000),
      jwk: JSON.stringify(publicJwk(this.ownKey)),
    };
    return text
      .replaceAll(/\$(iss|ISS|host|aud|kid|own|long|jwk|ms)/g, (_, name: string) => values[name]!)
      .replaceAll(/\$now([+-]\d+)?/g, (_, seconds = 0) => String(now + Number(seconds)));
  }
}

/** Makes the signature of a signing input. */
type Sign = (input: Buffer) => Buffer;

const PADDING = constants.RSA_PKCS1_PSS_PADDING;
/** DigestInfo of SHA-256 (RFC 8017 section 9.2), without the digest. */
const INFO = '3031300d060960864801650304020105000420';

/** A message that is not encoded as RFC 8017 section 9.2 says, in hex. */
const messages: Readonly<
  Record<string, (digest: string, fill: (used: number) => string) => string>
> = {
  'garbage after the digest': (digest) => `0001${'ff'.repeat(8)}00${INFO}${digest}`,
  'block type 2': (digest, fill) => `0002${fill(54)}00${INFO}${digest}`,
  'a zero in the padding': (digest, fill) => `000100${fill(55)}00${INFO}${digest}`,
  'no DigestInfo': (digest, fill) => `0001${fill(35)}00${digest}`,
  'no separator': (digest, fill) => `0001${fill(53)}${INFO}${digest}`,
};
export const PADDINGS = Object.fromEntries(Object.keys(messages).map((name) => [name, name]));

/** Where the public key may lie about as a secret. */
const secrets: Readonly<Record<string, (key: SigningKey) => string | Buffer>> = {
  PEM: ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }),
  'trimmed PEM': (key) => String(secrets['PEM']!(key)).trim(),
  'PKCS #1': ({ publicKey }) => publicKey.export({ type: 'pkcs1', format: 'pem' }),
  DER: ({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }),
  JWK: (key) => JSON.stringify(publicJwk(key)),
  n: (key) => String(publicJwk(key).n),
  kid: ({ kid }) => kid,
  nothing: () => '',
  secret: () => 'secret',
};

/**
 * A signer by name: `RS512` and `PS256` with the key of the issuer, `HS256 PEM` with a secret,
 * `own` with the RSA key of the attacker, `ES256` and `EdDSA` with another one, or a wrong padding.
 */
export function signer(name: string, key: SigningKey, own: SigningKey): Sign {
  const { privateKey } = key;
  if (name === 'unsigned') return () => Buffer.alloc(0);
  if (name === 'zeros') return () => Buffer.alloc(64);
  if (name === 'own') return (input) => sign('sha256', input, own.privateKey);
  if (name === 'EdDSA' || name === 'ES256') {
    const { privateKey: curve } = newKeyPair(name);
    return (input) => signatureOf(input, curve, name);
  }
  const message = messages[name];
  if (message) return (input) => padded(input, key, message);
  const [, family, size, secret = ''] = /^(..)(\d+) ?(.*)$/.exec(name)!;
  const hash = `sha${size}`;
  if (family === 'HS')
    return (input) => createHmac(hash, secrets[secret]!(key)).update(input).digest();
  const pss = { padding: PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return (input) => sign(hash, input, { key: privateKey, ...(family === 'PS' && pss) });
}

function padded(
  input: Buffer,
  { privateKey: key }: SigningKey,
  message: (typeof messages)[string],
) {
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const encoded = Buffer.alloc(size);
  const digest = createHash('sha256').update(input).digest('hex');
  encoded.write(
    message(digest, (used) => 'ff'.repeat(size - used)),
    'hex',
  );
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}
