import { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { RemoteKeySet } from '../keys/remote-key-set.js';
import type { JwtCoreLog } from '../issuer/log.js';
import { HttpRevocationSource } from '../revocation/http-revocation-source.js';
import { RevocationFollower } from '../revocation/revocation-follower.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { type RevocationSource, RevocationSourceError } from '../revocation/revocation-source.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import { IntrospectionSource } from '../verifier/introspection-source.js';
import type { KeySet } from '../verifier/key-set.js';
import type { IssuerSettings } from './issuer-options.js';
import type { VerifierSettings } from './verifier-options.js';

export interface RuntimeOptions {
  readonly log: JwtCoreLog;
}

/** Of a list that is never read. */
const NOTHING: RevocationSource = {
  read: () => Promise.reject(new RevocationSourceError('no_feed', 'There are no revocations')),
};

/**
 * Everything that verifies the tokens of one issuer. Nothing of it is shared with another issuer.
 */
export class IssuerRuntime {
  readonly issuer: string;
  readonly keys: KeySet;
  readonly revocations: RevocationList;
  readonly follower: RevocationFollower;
  readonly verifier: AccessTokenVerifier;
  /** `undefined` if the service has a key set of its own. */
  readonly remoteKeys: RemoteKeySet | undefined;
  private openMetadata: IssuerMetadata | undefined;
  /** `undefined` if the list has another source, or none. */
  private feed: HttpRevocationSource | undefined;

  constructor(
    readonly settings: IssuerSettings,
    private readonly shared: VerifierSettings,
    private readonly options: RuntimeOptions & { readonly onReach: (ms: number) => void },
  ) {
    const { keySet, revocations: source = 'feed' } = settings;
    const { log, onReach } = options;
    this.issuer = settings.issuer;
    this.remoteKeys = keySet ? undefined : this.makeRemoteKeys();
    this.keys = keySet ?? this.remoteKeys!;
    const maxStalenessMs = shared.maxStalenessSeconds * 1_000;
    this.revocations =
      source === 'none'
        ? RevocationList.none(maxStalenessMs)
        : new RevocationList({ maxStalenessMs });
    this.follower = new RevocationFollower({
      source: this.sourceOf(source),
      list: this.revocations,
      onKeySetFingerprint: (fingerprint) => this.remoteKeys?.expectFingerprint(fingerprint),
      onFailure: () => this.remoteKeys?.doubtFingerprint(),
      onReach,
      log,
    });
    this.verifier = new AccessTokenVerifier({
      ...settings,
      keys: this.keys,
      revocations: this.revocations,
      referenceTokens: settings.referenceTokens ?? this.makeIntrospectionSource(),
      clockToleranceSeconds: shared.clockToleranceSeconds,
      rememberedTokens: shared.rememberedTokens,
    });
  }

  /** Whether a start has to wait for something that the issuer sends. */
  get asksIssuer(): boolean {
    return this.openMetadata !== undefined;
  }

  /** What is missing to verify its tokens. */
  get missing(): { readonly keys?: 'missing'; readonly list?: 'blind' | 'stale' } {
    const { state } = this.revocations;
    return {
      // Stale keys are good: the issuer may be down for as long as the settings allow.
      ...(this.remoteKeys?.state === 'missing' && { keys: 'missing' as const }),
      ...((state === 'blind' || state === 'stale') && { list: state }),
    };
  }

  /** See `VerifierRuntime`. */
  start(strictestMs?: number): void {
    this.remoteKeys?.start();
    if (this.revocations.state !== 'none') this.follower.start(strictestMs);
  }

  /** Ends all timers and requests for good. */
  async close(): Promise<void> {
    this.openMetadata?.close();
    this.remoteKeys?.close();
    await this.follower.stop();
    await this.feed?.leave();
  }

  private sourceOf(source: 'feed' | 'none' | RevocationSource): RevocationSource {
    if (source !== 'feed') return source === 'none' ? NOTHING : source;
    return (this.feed = new HttpRevocationSource(this.metadata, this.shared.follower));
  }

  /**
   * Made only if something is fetched: an auth server has its keys and its list in its database.
   */
  private get metadata(): IssuerMetadata {
    const { issuer, discoveryUrl, profile } = this.settings;
    return (this.openMetadata ??= new IssuerMetadata({
      issuer,
      discoveryUrl,
      openid: profile === 'oidc',
      allowHttp: this.shared.allowHttpIssuer,
    }));
  }

  private makeIntrospectionSource(): IntrospectionSource | undefined {
    const { clientId, clientSecret } = this.settings;
    if (clientId === undefined || clientSecret === undefined) return undefined;
    const credentials = new ClientCredentials(clientId, clientSecret);
    const { log } = this.options;
    return new IntrospectionSource({ metadata: this.metadata, credentials, log });
  }

  private makeRemoteKeys(): RemoteKeySet {
    const { jwksRefreshSeconds, jwksCooldownSeconds, jwksMaxStaleSeconds } = this.shared;
    return new RemoteKeySet({
      metadata: this.metadata,
      algorithms: this.settings.algorithms,
      refreshMs: jwksRefreshSeconds * 1_000,
      cooldownMs: jwksCooldownSeconds * 1_000,
      maxStaleMs: jwksMaxStaleSeconds * 1_000,
      log: this.options.log,
    });
  }
}
