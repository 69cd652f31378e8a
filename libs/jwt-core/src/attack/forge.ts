import { type Members, publicJwk, type SigningKey } from '../testing/access-token.js';
import type { TestIssuer } from '../testing/test-issuer.js';
import type { Edit } from './attack.js';
import { signer } from './signers.js';

/** The text of a header or a payload, which need not be JSON. */
export type Text = string | Buffer;

export const base64url = (text: Text) => Buffer.from(text).toString('base64url');
export const decoded = (segment: string) => Buffer.from(segment, 'base64url');

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
