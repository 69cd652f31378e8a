import { jwksFingerprint } from '../keys/jwks-fingerprint.js';
import type { Revocation, RevocationKind } from '../revocation/revocation.js';
import type { RevocationBatch } from '../revocation/revocation-source.js';
import { type Members, mintToken } from './access-token.js';
import {
  type IssuerEndpoint,
  type IssuerFault,
  issuerPaths,
  IssuerServer,
} from './issuer-server.js';
import { MemoryRevocationSource } from './memory-revocation-source.js';
import { generateSigningKey, publicJwk, type SigningKey } from './signing-key.js';
import { TestClock } from './test-clock.js';

export interface TestIssuerOptions {
  /** `aud` of its tokens. Default `api`. */
  readonly audience?: string;
  /** Keys to publish, of which the first one signs. Default: a new one. */
  readonly keys?: readonly [SigningKey, ...SigningKey[]];
}

/** What to revoke. `exp` and `before` are in seconds; see `Revocation`. */
export interface NewRevocation {
  readonly kind: RevocationKind;
  readonly id: string;
  /** Default: a day ahead, when every token of today has expired. */
  readonly exp?: number;
  /** Only for `client`. Default: now. */
  readonly before?: number;
}

const revocationLifeSeconds = 86_400;
const longestWaitSeconds = 25;

/**
 * An issuer within the test's own process: real RS256 tokens, and metadata, JWKS and revocation feed
 * over HTTP on the loopback interface, so that a service under test runs as it is.
 *
 * ```ts
 * const auth = await TestIssuer.start();
 * const module = await Test.createTestingModule({
 *   imports: [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience }), OrdersModule],
 * }).compile();
 * const app = module.createNestApplication();
 * await app.listen(0);
 * const authorization = `Bearer ${auth.mint({ sub: 'ada', scope: 'orders:read', jti: 'one' })}`;
 * const status = async () =>
 *   (await fetch(`${await app.getUrl()}/orders`, { headers: { authorization } })).status;
 * await expect.poll(status).toBe(200); // 503 until keys and revocations have arrived
 * auth.revoke({ kind: 'jti', id: 'one' });
 * await expect.poll(status).toBe(401);
 * ```
 */
export class TestIssuer {
  readonly audience: string;
  /**
   * Decides `iat` and `exp`, and which revocations have expired. The service keeps its own: a token
   * that has expired is one that was minted while this clock was set back.
   */
  readonly clock = new TestClock();
  /** Its revocations at first hand, for a test that wants no HTTP. */
  readonly revocations: MemoryRevocationSource;
  private keys: readonly SigningKey[];
  private server!: IssuerServer;

  private constructor(keys: readonly SigningKey[], audience: string) {
    this.audience = audience;
    this.keys = keys;
    this.revocations = new MemoryRevocationSource({
      fingerprint: () => jwksFingerprint(this.keys),
      now: this.clock.now,
    });
  }

  /** Listens on a free port. */
  static async start({ audience = 'api', keys }: TestIssuerOptions = {}): Promise<TestIssuer> {
    const issuer = new TestIssuer(keys ?? [await generateSigningKey()], audience);
    issuer.server = await IssuerServer.start({
      metadata: () => issuer.metadata(),
      jwks: () => ({ keys: issuer.keys.map(publicJwk) }),
      feed: (query, signal) => issuer.feed(query, signal),
    });
    return issuer;
  }

  /** `iss` of its tokens: where it listens. */
  get issuer(): string {
    return this.server.url;
  }

  /** The key that signs. */
  get kid(): string {
    return this.signingKey.kid;
  }

  /**
   * A token, valid for 15 minutes unless told otherwise: each claim and header parameter can be
   * replaced by whatever value, or left out with `undefined`.
   */
  mint(claims: Members = {}, header: Members = {}): string {
    const { issuer, audience, signingKey: key } = this;
    return mintToken({ issuer, audience, key, nowSeconds: this.nowSeconds() }, claims, header);
  }

  /** Publishes a revocation. Services that follow the feed know of it within milliseconds. */
  revoke({ kind, id, exp, before }: NewRevocation): Revocation {
    const nowSeconds = this.nowSeconds();
    const revocation = {
      kind,
      id,
      exp: exp ?? nowSeconds + revocationLifeSeconds,
      ...(kind === 'client' ? { before: before ?? nowSeconds } : {}),
    };
    this.revocations.add([revocation]);
    return revocation;
  }

  /** Signs with a new key from now on, and publishes it beside the others. Gives its `kid`. */
  async rotateKey(): Promise<string> {
    const key = await generateSigningKey();
    this.keys = [key, ...this.keys];
    this.revocations.wake();
    return this.kid;
  }

  /**
   * Ends a key as after a compromise: it is revoked and no longer published. When it was the only
   * one, another takes its place.
   */
  async withdraw(kid: string): Promise<void> {
    const isPublished = this.keys.some((key) => key.kid === kid);
    if (!isPublished) throw new RangeError(`There is no key ${kid}`);
    if (this.keys.length === 1) await this.rotateKey();
    this.keys = this.keys.filter((key) => key.kid !== kid);
    this.revoke({ kind: 'kid', id: kid });
  }

  /** Makes an endpoint fail, or all of them, until it is repaired. */
  fail(endpoint: IssuerEndpoint | 'all', fault: IssuerFault = 'cut'): void {
    this.server.setFault(endpoint, fault);
  }

  repair(endpoint: IssuerEndpoint | 'all' = 'all'): void {
    this.server.setFault(endpoint, undefined);
  }

  /** How often services have asked an endpoint. */
  requests(endpoint: IssuerEndpoint): number {
    return this.server.requests(endpoint);
  }

  /** Ends all connections and frees the port. */
  close(): Promise<void> {
    return this.server.close();
  }

  private get signingKey(): SigningKey {
    return this.keys[0]!;
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  private metadata(): unknown {
    return {
      issuer: this.issuer,
      jwks_uri: this.issuer + issuerPaths.jwks,
      revocation_feed: this.issuer + issuerPaths.feed,
      response_types_supported: [],
    };
  }

  private feed(query: URLSearchParams, signal: AbortSignal): Promise<RevocationBatch> {
    const waitSeconds = Math.min(Math.max(Number(query.get('wait')) || 0, 0), longestWaitSeconds);
    return this.revocations.read(query.get('after') ?? undefined, { waitSeconds, signal });
  }
}
