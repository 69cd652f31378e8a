import { afterEach, beforeEach, vi } from 'vitest';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import type { SigningKey } from '../test-issuer/access-token.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.js';

/** A key set over a real issuer, in a time that only the test moves. */
export interface KeySetHarness {
  readonly auth: TestIssuer;
  readonly keys: RemoteKeySet;
  /** The key that the issuer begins with. */
  readonly key: SigningKey;
  /** Another key set, in place of this one. */
  readonly restart: (options?: Partial<RemoteKeySetOptions>) => RemoteKeySet;
  /** How often key sets have asked the issuer for its keys. */
  readonly fetches: () => number;
  /** What it answers now. */
  readonly published: () => Promise<string>;
  /** What its feed says of its keys. */
  readonly fingerprint: () => Promise<string>;
  /** Lets time pass for the key set. */
  readonly pass: (ms: number) => Promise<void>;
  /** Lets real time pass until it holds. Fails after five seconds. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Long enough for a request to arrive that is on its way. */
  readonly turn: () => Promise<void>;
}

export function useKeySetHarness({
  timeoutMs,
  ...options
}: Partial<RemoteKeySetOptions> & { readonly timeoutMs?: number } = {}): KeySetHarness {
  let auth: TestIssuer;
  let key: SigningKey;
  let keys: RemoteKeySet | undefined;

  let readByTest = 0;
  const harness: KeySetHarness = {
    get auth() {
      return auth;
    },
    get key() {
      return key;
    },
    get keys() {
      return keys!;
    },
    restart: (others) => {
      keys?.close();
      const metadata = new IssuerMetadata({ issuer: auth.issuer, timeoutMs });
      return (keys = new RemoteKeySet({ metadata, ...options, ...others }));
    },
    fetches: () => auth.requests('jwks') - readByTest,
    published: async () => {
      readByTest += 1;
      return (await fetch(`${auth.issuer}/.well-known/jwks.json`)).text();
    },
    fingerprint: async () => (await auth.revocations.read(undefined, { waitSeconds: 0 })).jwks!,
    pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
    until: async (holds) => {
      const deadline = Date.now() + 5_000;
      while (!holds()) {
        if (Date.now() > deadline) throw new Error(`Never: ${holds.toString()}`);
        await new Promise(setImmediate);
      }
    },
    turn: async () => {
      for (let round = 0; round < 2; round++) await fetch(`${auth.issuer}/nothing`);
    },
  };

  beforeEach(async () => {
    auth = await TestIssuer.start();
    key = auth.signingKey;
    readByTest = 0;
    // Node's fetch makes a timer at its first use, and goes on with the kind that it got.
    await harness.turn();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    // The latest moment for what is done ahead of its time.
    vi.spyOn(Math, 'random').mockReturnValue(1);
    harness.restart();
  });
  afterEach(async () => {
    keys?.close();
    vi.useRealTimers();
    vi.restoreAllMocks();
    await auth.close();
  });
  return harness;
}
