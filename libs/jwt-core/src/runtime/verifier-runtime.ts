import { setTimeout as pause } from 'node:timers/promises';
import { ClientCredentials } from '../issuer/client-credentials.js';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import type { KeySet } from '../verifier/key-set.js';
import { RemoteKeySet } from '../keys/remote-key-set.js';
import { IntrospectionSource } from '../verifier/introspection/introspection-source.js';
import { HttpRevocationSource } from '../revocation/http-revocation-source.js';
import { RevocationFollower } from '../revocation/revocation-follower.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { AccessTokenVerifier } from '../verifier/access-token-verifier.js';
import type { JwtCoreLog } from '../log.js';
import { JwtCoreReadiness } from './readiness.js';
import { JwtCoreStatistics } from './statistics.js';
import type { VerifierSettings } from './verifier-options.js';

export interface RuntimeOptions {
  readonly log: JwtCoreLog;
  /** The strictest age that a caller will demand of the revocation list, if stricter than its own. */
  readonly strictestMs?: number | undefined;
}

const readyEveryMs = 20;

/**
 * Wires together everything that verifies tokens, from `start` to `close`. Nothing waits for the
 * issuer: tokens are refused until keys and revocations have arrived.
 */
export class VerifierRuntime {
  readonly keys: KeySet;
  readonly revocations: RevocationList;
  readonly follower: RevocationFollower;
  readonly verifier: AccessTokenVerifier;
  readonly readiness: JwtCoreReadiness;
  readonly statistics: JwtCoreStatistics;
  private readonly log: JwtCoreLog;
  private readonly remoteKeys: RemoteKeySet | undefined;
  private openMetadata: IssuerMetadata | undefined;
  private isClosed = false;

  constructor(
    private readonly settings: VerifierSettings,
    { log, strictestMs }: RuntimeOptions,
  ) {
    this.log = log;
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

  /** Begins to fetch keys and to follow revocations. */
  start(): void {
    this.remoteKeys?.start();
    this.follower.start();
  }

  /**
   * Resolves when the first keys and the first revocation list have arrived. Keeps the process alive
   * meanwhile.
   *
   * @param withinMs how long to wait. Default: until `close`.
   * @throws Error that names what is missing, at the end of that time
   */
  async ready(withinMs = Infinity): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const missing = this.missing();
      if (missing === '') return;
      if (this.isClosed) throw new Error(`Closed before it was ready: ${missing}`);
      if (performance.now() >= giveUpAtMs) {
        throw new Error(`Not ready within ${withinMs} ms: ${missing}`);
      }
      await pause(readyEveryMs);
    }
  }

  private missing(): string {
    return this.readiness.checks
      .map((one) => [one.name, one.check()])
      .filter(([, missing]) => missing !== undefined)
      .map((words) => words.join(' '))
      .join(', ');
  }

  /** Ends all timers and requests for good. */
  async close(): Promise<void> {
    this.isClosed = true;
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
