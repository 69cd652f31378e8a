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
 * All that judges tokens, wired together, from start to shutdown. Nothing here waits for the issuer:
 * until its keys and revocations have arrived, the service is merely not ready.
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

  /** @param strictestMs what the strictest route demands of the revocation list, if any does */
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

  /** Before the connections close that a source may stand on. */
  async beforeApplicationShutdown(): Promise<void> {
    this.openMetadata?.close();
    this.remoteKeys?.close();
    await this.follower.stop();
  }

  /** Opened only where something is fetched: an auth server has its keys and its list at home. */
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
