import { fetchJson } from '../issuer/issuer-request.js';
import type { JwtCoreLog } from '../issuer/log.js';
import type { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { spreadMs } from '../timing/back-off.js';
import { defaultAlgorithms, type SigningAlgorithm } from '../verifier/signature.js';
import { TokenError } from '../verifier/token-error.js';
import { Alarm } from './alarm.js';
import { FingerprintChase } from './fingerprint-chase.js';
import { type JwkSet, KeyTable, parseJwkSet } from './jwk-set.js';
import { jwksFingerprint } from './jwks-fingerprint.js';
import { KeySetReport, type KeySetState } from './key-set-report.js';
import type { KeySet, VerificationKey } from '../verifier/key-set.js';

export interface RemoteKeySetOptions {
  readonly metadata: IssuerMetadata;
  /** The algorithms that its keys may be used with, others are ignored. Default: RS256. */
  readonly algorithms?: readonly SigningAlgorithm[] | undefined;
  /** How often the keys are fetched in the background. Default 5 minutes; `maxStaleMs / 2` at most. */
  readonly refreshMs?: number | undefined;
  /**
   * The least time between a fetch and the next one for an unknown `kid`, and the time from a failed
   * fetch to the next one. Default 10 s.
   */
  readonly cooldownMs?: number | undefined;
  /** How long the last good keys are used if there are no newer ones. Default 24 hours. */
  readonly maxStaleMs?: number | undefined;
  readonly log?: JwtCoreLog | undefined;
  readonly monotonicNow?: (() => number) | undefined;
}

/**
 * The longest time that a service can set to use the last good keys, in seconds. The revocation of
 * a withdrawn key has to be kept for as long.
 */
export const MAX_JWKS_STALE_SECONDS = 7 * 24 * 60 * 60;

export const KEY_SET_DEFAULTS = {
  refreshMs: 5 * 60_000,
  cooldownMs: 10_000,
  maxStaleMs: 24 * 3_600_000,
} as const;

interface HeldKeys {
  readonly keys: KeyTable;
  readonly fingerprint: string;
  readonly askedAtMs: number;
}

const MAX_BYTES = 64 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The keys of the issuer's JWKS endpoint, from `start` to `close`.
 *
 * Fetched ahead in the background, one fetch at a time. A bad answer, or none, leaves the present
 * keys as they are. Kid flooding (threat:kid-flooding): unknown `kid`s, however many, cause one
 * fetch per cool-down.
 */
export class RemoteKeySet implements KeySet {
  private readonly metadata: IssuerMetadata;
  private readonly algorithms: readonly SigningAlgorithm[];
  private readonly refreshMs: number;
  private readonly cooldownMs: number;
  private readonly maxStaleMs: number;
  private readonly monotonicNow: () => number;
  private readonly report: KeySetReport;
  private readonly alarm: Alarm;
  private readonly chase = new FingerprintChase();
  private readonly closing = new AbortController();
  private held: HeldKeys | undefined;
  private inFlight: Promise<void> | undefined;
  private failure: unknown;
  private fetchedAtMs = -Infinity;

  /** @throws RangeError for a time that a timer cannot keep */
  constructor(options: RemoteKeySetOptions) {
    this.metadata = options.metadata;
    this.algorithms = options.algorithms ?? defaultAlgorithms();
    this.cooldownMs = duration('cooldownMs', options);
    this.maxStaleMs = duration('maxStaleMs', options);
    // Or the keys would be too old before each refresh, though the issuer is up.
    this.refreshMs = Math.min(duration('refreshMs', options), this.maxStaleMs / 2);
    this.monotonicNow = options.monotonicNow ?? (() => performance.now());
    this.report = new KeySetReport(this.metadata.issuer, options.log);
    this.alarm = new Alarm(() => void this.fetch(), this.monotonicNow);
  }

  get state(): KeySetState {
    if (this.ageMs > this.maxStaleMs) return 'missing';
    return this.failure === undefined ? 'fresh' : 'stale';
  }

  /** The number of keys held, including keys that are too old. */
  get size(): number {
    return this.held?.keys.size ?? 0;
  }

  /** Since the request for the present keys; `Infinity` while there are none. */
  get ageMs(): number {
    return this.held ? this.monotonicNow() - this.held.askedAtMs : Infinity;
  }

  /** Starts fetching. The issuer may be down: its keys arrive soon after it is up. */
  start(): void {
    void this.fetch();
  }

  /** Ends all timers and fetches for good. The present keys stay. */
  close(): void {
    this.closing.abort();
    this.alarm.clear();
  }

  get(kid: string, algorithm?: SigningAlgorithm): VerificationKey | undefined {
    return this.state === 'missing' ? undefined : this.held?.keys.get(kid, algorithm);
  }

  async find(kid: string, algorithm?: SigningAlgorithm): Promise<VerificationKey | undefined> {
    if (this.get(kid, algorithm) === undefined && !this.isConfirmed) {
      if (this.inFlight !== undefined || this.cooldownLeftMs <= 0) await this.fetch();
      // The issuer may have published it just after it was asked.
      if (this.get(kid, algorithm) === undefined) this.fetchWithin(this.cooldownLeftMs);
    }
    const key = this.get(kid, algorithm);
    if (key !== undefined || this.isCurrent) return key;
    const has = this.state === 'missing' ? 'There are no keys' : 'There may be newer keys';
    throw new TokenError('keys_unavailable', `${has} of ${this.metadata.issuer}`, {
      cause: this.failure,
    });
  }

  /**
   * Takes the fingerprint of the issuer's key set, as the revocation feed reports it. If it is not
   * that of the present keys, they are fetched in the background at once, regardless of the
   * cool-down, at most four times a second.
   */
  expectFingerprint(fingerprint: string): void {
    this.chase.announce(fingerprint, this.held?.fingerprint, this.monotonicNow());
    this.scheduleChase();
  }

  /** The feed is lost: until it reports the fingerprint again, unknown `kid`s are fetched. */
  doubtFingerprint(): void {
    this.chase.doubt();
  }

  private fetch(): Promise<void> {
    return (this.inFlight ??= this.load());
  }

  private async load(): Promise<void> {
    const { signal } = this.closing;
    const limits = { timeoutMs: this.metadata.timeoutMs, maxBytes: MAX_BYTES, signal };
    const askedAtMs = this.monotonicNow();
    // A cache on the way may keep the set that the issuer has just replaced.
    const headers: Record<string, string> = this.isOutdated ? { 'cache-control': 'no-cache' } : {};
    try {
      const { jwks } = await this.metadata.endpoints(signal);
      const document = await fetchJson(jwks, limits, headers);
      this.hold(parseJwkSet(document, this.algorithms), askedAtMs);
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
    }
    this.inFlight = undefined;
    if (signal.aborted) return;
    this.fetchedAtMs = this.monotonicNow();
    this.report.noteState(this.state, this.failure);
    this.chase.noteFetch(this.held?.fingerprint);
    this.scheduleNext();
  }

  private hold({ keys, ignored }: JwkSet, askedAtMs: number): void {
    const known = this.held?.keys;
    const kept = new KeyTable();
    for (const key of keys) {
      const before = known?.get(key.kid, key.algorithm);
      // A key with the same material stays the same object: remembered tokens refer to it.
      kept.add(before?.publicKey.equals(key.publicKey) ? before : key);
    }
    this.held = { keys: kept, fingerprint: jwksFingerprint(kept), askedAtMs };
    this.report.noteIgnored(ignored);
  }

  private scheduleNext(): void {
    this.alarm.clear();
    // A little early and at random, so that services do not all fetch at the same moment.
    const refreshMs = spreadMs(this.refreshMs, 0.9);
    this.fetchWithin(this.failure === undefined ? refreshMs : this.cooldownMs);
    this.scheduleChase();
  }

  private scheduleChase(): void {
    const pauseMs = this.chase.pauseMs(this.held?.fingerprint);
    if (pauseMs !== undefined) this.fetchWithin(pauseMs - this.sinceFetchMs);
  }

  private fetchWithin(delayMs: number): void {
    if (!this.closing.signal.aborted) this.alarm.within(Math.max(delayMs, 0));
  }

  /** The feed has just reported the present keys: a fetch would bring nothing new. */
  private get isConfirmed(): boolean {
    if (this.state === 'missing') return false;
    return this.chase.confirms(this.held?.fingerprint, this.monotonicNow());
  }

  /** No sign that the issuer has a key that is not here: neither a failed fetch nor the feed. */
  private get isCurrent(): boolean {
    if (this.state === 'missing') return false;
    if (this.isConfirmed) return true;
    return this.failure === undefined && !this.isOutdated;
  }

  /** The feed has announced another set, which may still come. */
  private get isOutdated(): boolean {
    return this.chase.pauseMs(this.held?.fingerprint) !== undefined;
  }

  private get sinceFetchMs(): number {
    return this.monotonicNow() - this.fetchedAtMs;
  }

  private get cooldownLeftMs(): number {
    return this.cooldownMs - this.sinceFetchMs;
  }
}

function duration(name: keyof typeof KEY_SET_DEFAULTS, options: RemoteKeySetOptions): number {
  const ms = options[name] ?? KEY_SET_DEFAULTS[name];
  if (ms > 0 && ms <= MAX_TIMER_MS) return ms;
  throw new RangeError(`${name} is a number of milliseconds from 1 to ${MAX_TIMER_MS}, not ${ms}`);
}
