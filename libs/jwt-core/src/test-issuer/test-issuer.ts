import { randomUUID } from 'node:crypto';
import { JwtCoreRuntime } from '../nest/jwt-core.runtime.js';
import type { Revocation } from '../revocation/revocation.js';
import { MAX_WAIT_SECONDS, type RevocationBatch } from '../revocation/revocation-source.js';
import {
  accessTokenClaims,
  createMint,
  type Members,
  type Mint,
  type SigningKey,
  type TokenOrigin,
  TokenVersions,
} from './access-token.js';
import { FeedFollowers } from './feed-followers.js';
import { IssuerKeys } from './issuer-keys.js';
import {
  type IssuerEndpoint,
  type IssuerFault,
  type IssuerRequest,
  issuerMetadata,
  IssuerServer,
} from './issuer-server.js';
import {
  MemoryRevocationSource,
  type NewRevocation,
  revocationOf,
} from './memory-revocation-source.js';
import { OAuthEndpoints, type TestClient } from './oauth-endpoints.js';
import { becomeStale, type ServiceUnderTest } from './service-under-test.js';
import { TestClock } from './test-clock.js';

export interface TestIssuerOptions {
  /** `aud` of its tokens. Default `api`. */
  readonly audience?: string;
  /** Keys to publish. The first one signs. Default: a new one. */
  readonly keys?: readonly [SigningKey, ...SigningKey[]];
  /** The client that it accepts. Default: a new one. */
  readonly client?: TestClient;
  /** Where it listens on 127.0.0.1. Default: a free port. */
  readonly port?: number;
}

const newClient = () => ({ clientId: 'service', clientSecret: randomUUID() });

/**
 * An issuer in the process of the test: real RS256 tokens, and metadata, JWKS, revocation feed,
 * token and introspection endpoints over HTTP on the loopback interface. The service under test
 * runs without any change.
 *
 * ```ts
 * const auth = await TestIssuer.start();
 * const module = await Test.createTestingModule({
 *   imports: [JwtCoreModule.forRoot({ issuer: auth.issuer, audience: auth.audience }), OrdersModule],
 * }).compile();
 * const app = module.createNestApplication();
 * await app.listen(0);
 * await auth.ready(app);
 * const authorization = `Bearer ${auth.mint({ sub: 'ada', scope: 'orders:read', jti: 'one' })}`;
 * const status = async () =>
 *   (await fetch(`${await app.getUrl()}/orders`, { headers: { authorization } })).status;
 * expect(await status()).toBe(200);
 * await auth.revoke({ kind: 'jti', id: 'one' });
 * expect(await status()).toBe(401);
 * ```
 */
export class TestIssuer {
  readonly audience: string;
  /**
   * The clock for `iat`, `exp` and the expiry of revocations. Services have their own: set this one
   * back to mint a token that has expired.
   */
  readonly clock = new TestClock();
  /** Its revocations, for tests without HTTP. */
  readonly revocations: MemoryRevocationSource;
  /**
   * The credentials for its token and introspection endpoints, with the names of the options:
   * `JwtCoreModule.forRoot({ issuer, audience, ...auth.client })`.
   */
  readonly client: TestClient;
  /** Makes its tokens, and such as must be refused: `mint()`, `mint.expired()` and others. */
  readonly mint: Mint;
  private readonly oauth: OAuthEndpoints;
  private readonly keys: IssuerKeys;
  private readonly followers = new FeedFollowers();
  private readonly versions = new TokenVersions();
  private server!: IssuerServer;

  private constructor({ audience = 'api', client = newClient(), keys }: TestIssuerOptions) {
    this.audience = audience;
    this.client = client;
    this.keys = new IssuerKeys(keys);
    this.mint = createMint(() => this.origin(), this.versions);
    this.oauth = new OAuthEndpoints(this, client);
    this.revocations = new MemoryRevocationSource({
      fingerprint: () => this.keys.fingerprint,
      now: this.clock.now,
    });
  }

  /** @throws Error `EADDRINUSE` if something listens at `port` */
  static async start(options: TestIssuerOptions = {}): Promise<TestIssuer> {
    const issuer = new TestIssuer(options);
    const answers = {
      metadata: () => issuerMetadata(issuer.issuer),
      jwks: () => issuer.keys.answer(),
      feed: (request: IssuerRequest, signal: AbortSignal) => issuer.feed(request, signal),
      token: (request: IssuerRequest) => issuer.oauth.token(request),
      introspect: (request: IssuerRequest) => issuer.oauth.introspect(request),
    };
    issuer.server = await IssuerServer.start(answers, options.port ?? 0);
    return issuer;
  }

  /** `iss` of its tokens: where it listens. */
  get issuer(): string {
    return this.server.url;
  }

  /** The key that signs: for tokens that `mint` cannot make. */
  get signingKey(): SigningKey {
    return this.keys.signing;
  }

  /** The `kid` of the key that signs. */
  get kid(): string {
    return this.signingKey.kid;
  }

  /**
   * A reference token for the claims that `mint` would sign. The introspection endpoint returns
   * them until the token expires or is revoked.
   */
  mintReference(claims: Members = {}): string {
    return this.oauth.remember(accessTokenClaims(this.origin(), this.versions.complete(claims)));
  }

  /**
   * Publishes a revocation at once. Resolves when all services that follow the feed have applied
   * it: within milliseconds, and after three seconds in any case. While the issuer is down it waits
   * for nobody. Of a `client` it ends the tokens that were minted before, and none that is minted
   * after, also in the same second.
   */
  async revoke(wanted: NewRevocation): Promise<Revocation> {
    const revocation = revocationOf(wanted, this.nowSeconds(), this.versions);
    this.revocations.add([revocation]);
    const { count } = this.revocations;
    if (!this.server.isFailing('feed')) {
      await this.followers.haveRead(
        ({ cursor }) => MemoryRevocationSource.countOf(cursor) >= count,
      );
    }
    return revocation;
  }

  /**
   * Publishes a new key beside the others, and signs with it once the services that follow the feed
   * fetch it: a token minted afterwards is accepted there. Returns its `kid`.
   */
  async rotateKey(): Promise<string> {
    const wereFetched = this.requests('jwks') > 0;
    // As an issuer does that publishes its keys ahead of their use.
    const key = this.keys.publish();
    this.revocations.wake();
    const canBeFetched = !this.server.isFailing('feed') && !this.server.isFailing('jwks');
    if (wereFetched && canBeFetched) {
      await this.followers.haveKeys(this.keys.fingerprint, () => this.keys.requests);
    }
    this.keys.signWith(key);
    return this.kid;
  }

  /**
   * Withdraws a key as after a compromise: it is revoked and no longer published. A new key
   * replaces the only one.
   */
  async withdraw(kid: string): Promise<void> {
    if (this.keys.isOnly(kid)) await this.rotateKey();
    this.keys.withdraw(kid);
    await this.revoke({ kind: 'kid', id: kid });
  }

  /** Makes an endpoint, or all of them, fail until `repair`. */
  fail(endpoint: IssuerEndpoint | 'all', fault: IssuerFault = 'cut'): void {
    this.server.setFault(endpoint, fault);
  }

  repair(endpoint: IssuerEndpoint | 'all' = 'all'): void {
    this.server.setFault(endpoint, undefined);
  }

  /** It cannot be reached any more. */
  goDown(): void {
    this.followers.noteOutage();
    this.fail('all');
  }

  /**
   * It can be reached again. Resolves when the services that followed the feed have read it since,
   * a second later at most.
   */
  async comeBack(): Promise<void> {
    this.repair();
    await this.followers.haveReturned();
  }

  /**
   * It goes down, and for this service it is as if it had been away for longer than the service
   * allows: tokens are refused with `revocations_stale` at once, until `comeBack`.
   */
  async goStale(app: ServiceUnderTest): Promise<void> {
    this.goDown();
    await becomeStale(app);
  }

  /**
   * Resolves when a service has the keys and revocations of its issuers.
   *
   * @throws Error that names what is missing at the end of that time
   */
  ready(app: ServiceUnderTest, withinMs = 10_000): Promise<void> {
    return (app.get(JwtCoreRuntime) as JwtCoreRuntime).ready(withinMs);
  }

  /** The number of requests to an endpoint. */
  requests(endpoint: IssuerEndpoint): number {
    return this.server.requests(endpoint);
  }

  /** Ends all connections and frees the port. */
  close(): Promise<void> {
    this.keys.release();
    return this.server.close();
  }

  private origin(): TokenOrigin {
    const { issuer, audience, signingKey: key } = this;
    return { issuer, audience, key, nowSeconds: this.nowSeconds() };
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  private feed({ query }: IssuerRequest, signal: AbortSignal): Promise<RevocationBatch> {
    const waitSeconds = Math.min(Math.max(Number(query.get('wait')) || 0, 0), MAX_WAIT_SECONDS);
    const after = query.get('after') ?? undefined;
    const answer = this.revocations.read(after, { waitSeconds, signal });
    return waitSeconds > 0 ? this.followers.follow(after, answer) : answer;
  }
}
