import { metadataAddress } from '../issuer/issuer-address.js';
import type { KeySet } from '../verifier/key-set.js';
import type { ReferenceTokenSource } from '../verifier/reference-token.js';
import { pruneGraceSeconds } from '../revocation/revocation-list.js';
import type { RevocationSource } from '../revocation/revocation-source.js';
import { MOST_REMEMBERED_TOKENS } from '../verifier/verified-tokens.js';

/** What a service has to say of its issuer, and what it may. */
export interface JwtCoreOptions {
  /** Exactly the `iss` of its tokens. Keys and revocations are found through its metadata. */
  readonly issuer: string;
  /** What this service calls itself: `aud` must be or contain it. */
  readonly audience: string;
  /** How old the revocation list may be before requests are refused with 503. Default 30. */
  readonly maxStalenessSeconds?: number;
  /** By how much `exp`, `nbf` and `iat` may miss this machine's clock. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens to remember. Default 10,000. */
  readonly rememberedTokens?: number;
  /** How often the key set is fetched. Default 300. */
  readonly jwksRefreshSeconds?: number;
  /** How long the issuer is left alone after any fetch of its keys. Default 10. */
  readonly jwksCooldownSeconds?: number;
  /** How long the last good keys count while the issuer is down. Default 86,400. */
  readonly jwksMaxStaleSeconds?: number;
  /** Allows a plain `http` issuer beyond this machine: only inside a private network. */
  readonly allowHttpIssuer?: boolean;
  /** Keys from elsewhere than the issuer's JWKS. Its owner starts and stops it. */
  readonly keySet?: KeySet;
  /** Revocations from elsewhere than the issuer's feed, like the database beside it. */
  readonly revocationSource?: RevocationSource;
  /**
   * This service's own credentials at the issuer, both or neither. With them it accepts reference
   * tokens, which it introspects (RFC 7662); without, they are `token_invalid`.
   */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** Reference tokens from elsewhere than the issuer's introspection. Needs no credentials. */
  readonly referenceTokens?: ReferenceTokenSource;
}

type NumericOption = {
  [Name in keyof JwtCoreOptions]-?: JwtCoreOptions[Name] extends number | undefined ? Name : never;
}[keyof JwtCoreOptions];

/** The options with every number decided. */
export type JwtCoreSettings = JwtCoreOptions & Readonly<Record<NumericOption, number>>;

// No limit is so wide that it would switch a check off: tokens live for a day at most.
const NUMBERS: Readonly<Record<NumericOption, [fallback: number, least: number, most: number]>> = {
  maxStalenessSeconds: [30, 0.1, 86_400],
  clockToleranceSeconds: [5, 0, pruneGraceSeconds - 1],
  rememberedTokens: [10_000, 0, MOST_REMEMBERED_TOKENS],
  jwksRefreshSeconds: [300, 1, 86_400],
  jwksCooldownSeconds: [10, 0.1, 3_600],
  jwksMaxStaleSeconds: [86_400, 1, 604_800],
};

/**
 * Options as they came from a caller, checked, with the defaults filled in.
 *
 * @throws TypeError listing everything that is wrong with them
 */
export function jwtCoreSettings(options: JwtCoreOptions): JwtCoreSettings {
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [fallback]]) => [
      name,
      options[name as NumericOption] ?? fallback,
    ]),
  ) as Record<NumericOption, number>;
  const faults = [
    ...textFaults(options),
    ...credentialFaults(options),
    ...numberFaults(numbers),
    ...sourceFaults(options),
  ];
  if (faults.length === 0) return { ...options, ...numbers };
  throw new TypeError(`JwtCoreModule is not configured as it must be:\n  ${faults.join('\n  ')}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function textFaults({ issuer, audience, ...options }: JwtCoreOptions): string[] {
  const faults = Object.entries({ issuer, audience })
    .filter(([, text]) => !isText(text))
    .map(([name]) => `${name} is required`);
  const isFetched = !options.keySet || !options.revocationSource || options.clientId !== undefined;
  if (isText(issuer) && isFetched) {
    try {
      metadataAddress(issuer, options.allowHttpIssuer === true);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  return faults;
}

/** Says what is wrong with them without repeating them. */
function credentialFaults({ clientId, clientSecret }: JwtCoreOptions): string[] {
  if (clientId === undefined && clientSecret === undefined) return [];
  return [
    ...(isText(clientId) ? [] : ['clientId is required beside a clientSecret']),
    ...(isText(clientSecret) ? [] : ['clientSecret is required beside a clientId']),
  ];
}

function numberFaults(numbers: Readonly<Record<NumericOption, unknown>>): string[] {
  return Object.entries(NUMBERS).flatMap(([name, [, least, most]]) => {
    const value = numbers[name as NumericOption];
    // The comparisons are false for NaN, too. Only seconds come in fractions.
    const isCountable = Number.isInteger(value) || name.endsWith('Seconds');
    if (typeof value === 'number' && value >= least && value <= most && isCountable) return [];
    return `${name} is a number from ${least} to ${most}, not ${String(value)}`;
  });
}

function sourceFaults(options: JwtCoreOptions): string[] {
  const { keySet, revocationSource, referenceTokens } = options;
  const faults: string[] = [];
  if (keySet && typeof keySet.find !== 'function') faults.push('keySet is not a KeySet');
  if (revocationSource && typeof revocationSource.read !== 'function') {
    faults.push('revocationSource is not a RevocationSource');
  }
  if (referenceTokens && typeof referenceTokens.resolve !== 'function') {
    faults.push('referenceTokens is not a ReferenceTokenSource');
  }
  return faults;
}
