import {
  type BeforeApplicationShutdown,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import type { KeySet } from '../verifier/key-set.js';
import { RemoteKeySet } from '../keys/remote-key-set.js';
import { IntrospectionSource } from '../verifier/introspection/introspection-source.js';
import { HttpRevocationSource } from '../revocation/http-revocation-source.js';
import { RevocationFollower } from '../revocation/revocation-follower.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import type { JwtCoreSettings } from './jwt-core.options.js';
import { JwtCoreReadiness } from './jwt-core.readiness.js';
import { JwtCoreStatistics } from './jwt-core.statistics.js';

/**
 * Wires together everything that verifies tokens, from start to shutdown. Nothing waits for the
 * issuer: the service is not ready until keys and revocations have arrived.
 */
export class JwtCoreRuntime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly keys: KeySet;
  readonly revocations: RevocationList;
  readonly follower: RevocationFollower;
  readonly verifier: AccessTokenVerifier;
  readonly readiness: JwtCoreReadiness;
  readonly statistics: JwtCoreStatistics;
  private readonly log = new Logger('JwtCore');
  private readonly remoteKeys: RemoteKeySet | undefined;
  private openMetadata: IssuerMetadata | undefined;

  /** @param strictestMs the shortest `@Freshness()` of a route, if there is one */
  constructor(
    private readonly settings: JwtCoreSettings,
    strictestMs: number | undefined,
  ) {
    this.remoteKeys = settings.keySet ? undefined : this.makeRemoteKeys();
    const keys = (this.keys = settings.keySet ?? this.remoteKeys!);
    const revocations = (this.revocations = new RevocationList({
      maxStalenessMs: settings.maxStalenessSeconds * 1_000,
    }));
    this.follower = new RevocationFollower({
      source: settings.revocationSource ?? new HttpRevocationSource(this.metadata),
      list: revocations,
      strictestMs,
      onKeySetFingerprint: (fingerprint) => this.remoteKeys?.expectFingerprint(fingerprint),
      onReach: (ms) => this.statistics.noteReach(ms),
      log: this.log,
    });
    this.verifier = new AccessTokenVerifier({
      issuer: settings.issuer,
      audience: settings.audience,
      keys,
      revocations,
      referenceTokens: settings.referenceTokens ?? this.makeIntrospectionSource(),
      clockToleranceSeconds: settings.clockToleranceSeconds,
      rememberedTokens: settings.rememberedTokens,
    });
    this.readiness = new JwtCoreReadiness(this.remoteKeys, revocations);
    this.statistics = new JwtCoreStatistics(this.verifier, revocations, this.remoteKeys);
  }

  onApplicationBootstrap(): void {
    this.remoteKeys?.start();
    this.follower.start();
  }

  /** Before connections close that a source may use. */
  async beforeApplicationShutdown(): Promise<void> {
    this.openMetadata?.close();
    this.remoteKeys?.close();
    await this.follower.stop();
  }

  /** Made only if something is fetched: an auth server has its keys and its list in its database. */
  private get metadata(): IssuerMetadata {
    const { issuer, allowHttpIssuer: allowHttp } = this.settings;
    return (this.openMetadata ??= new IssuerMetadata({ issuer, allowHttp }));
  }

  private makeIntrospectionSource(): IntrospectionSource | undefined {
    const { clientId, clientSecret } = this.settings;
    if (clientId === undefined || clientSecret === undefined) return undefined;
    const credentials = new ClientCredentials(clientId, clientSecret);
    return new IntrospectionSource({ metadata: this.metadata, credentials, log: this.log });
  }

  private makeRemoteKeys(): RemoteKeySet {
    const { jwksRefreshSeconds, jwksCooldownSeconds, jwksMaxStaleSeconds } = this.settings;
    return new RemoteKeySet({
      metadata: this.metadata,
      refreshMs: jwksRefreshSeconds * 1_000,
      cooldownMs: jwksCooldownSeconds * 1_000,
      maxStaleMs: jwksMaxStaleSeconds * 1_000,
      log: this.log,
    });
  }
}
