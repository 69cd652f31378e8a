import { metadataAddress } from '../issuer/issuer-address.js';
import type { KeySet } from '../verifier/key-set.js';
import type { ReferenceTokenSource } from '../verifier/reference-token.js';
import { pruneGraceSeconds } from '../revocation/revocation-list.js';
import type { RevocationSource } from '../revocation/revocation-source.js';
import { MOST_REMEMBERED_TOKENS } from '../verifier/verified-tokens.js';

/** How to verify the tokens of an issuer. Only `issuer` and `audience` are required. */
export interface VerifierOptions {
  /** Exactly the `iss` of its tokens. Keys and revocations are found through its metadata. */
  readonly issuer: string;
  /** The name of this service as an audience: `aud` must be or contain it. */
  readonly audience: string;
  /** How old the revocation list may be before requests are refused with 503. Default 30. */
  readonly maxStalenessSeconds?: number;
  /** Clock tolerance for `exp`, `nbf` and `iat`. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens to remember. Default 10,000. */
  readonly rememberedTokens?: number;
  /** How often the key set is fetched. Default 300. */
  readonly jwksRefreshSeconds?: number;
  /** The least time between a fetch of keys and the next one for an unknown `kid`. Default 10. */
  readonly jwksCooldownSeconds?: number;
  /** How long the last good keys are used while the issuer is down. Default 86,400. */
  readonly jwksMaxStaleSeconds?: number;
  /** Allows a plain `http` issuer beyond this machine: only inside a private network. */
  readonly allowHttpIssuer?: boolean;
  /** Keys from another source than the issuer's JWKS. Its owner starts and stops it. */
  readonly keySet?: KeySet;
  /** Revocations from another source than the issuer's feed, like its database. */
  readonly revocationSource?: RevocationSource;
  /**
   * This service's own credentials at the issuer, both or neither. With them it accepts reference
   * tokens, which it introspects (RFC 7662); without, they are `token_invalid`.
   */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** Reference tokens from another source than the issuer's introspection, without credentials. */
  readonly referenceTokens?: ReferenceTokenSource;
}

type NumericOption = {
  [Name in keyof VerifierOptions]-?: VerifierOptions[Name] extends number | undefined
    ? Name
    : never;
}[keyof VerifierOptions];

/** The options with defaults for all numbers. */
export type VerifierSettings = VerifierOptions & Readonly<Record<NumericOption, number>>;

// No upper limit switches a check off: tokens live for a day at most.
const NUMBERS: Readonly<Record<NumericOption, [fallback: number, least: number, most: number]>> = {
  maxStalenessSeconds: [30, 0.1, 86_400],
  clockToleranceSeconds: [5, 0, pruneGraceSeconds - 1],
  rememberedTokens: [10_000, 0, MOST_REMEMBERED_TOKENS],
  jwksRefreshSeconds: [300, 1, 86_400],
  jwksCooldownSeconds: [10, 0.1, 3_600],
  jwksMaxStaleSeconds: [86_400, 1, 604_800],
};

/**
 * Checks the options and fills in the defaults.
 *
 * @param caller what was called with them, for the error
 * @param furtherFaults those of options that are not the verifier's
 * @throws TypeError with a list of all faults
 */
export function verifierSettings(
  options: VerifierOptions,
  caller: string,
  furtherFaults: readonly string[] = [],
): VerifierSettings {
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
    ...furtherFaults,
  ];
  if (faults.length === 0) return { ...options, ...numbers };
  throw new TypeError(`${caller} is not configured as it must be:\n  ${faults.join('\n  ')}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function textFaults({ issuer, audience, ...options }: VerifierOptions): string[] {
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

/** Faults of the credentials, without their values. */
function credentialFaults({ clientId, clientSecret }: VerifierOptions): string[] {
  if (clientId === undefined && clientSecret === undefined) return [];
  return [
    ...(isText(clientId) ? [] : ['clientId is required beside a clientSecret']),
    ...(isText(clientSecret) ? [] : ['clientSecret is required beside a clientId']),
  ];
}

function numberFaults(numbers: Readonly<Record<NumericOption, unknown>>): string[] {
  return Object.entries(NUMBERS).flatMap(([name, [, least, most]]) => {
    const value = numbers[name as NumericOption];
    // The comparisons are false for NaN, too. Only seconds may have fractions.
    const isCountable = Number.isInteger(value) || name.endsWith('Seconds');
    if (typeof value === 'number' && value >= least && value <= most && isCountable) return [];
    return `${name} is a number from ${least} to ${most}, not ${String(value)}`;
  });
}

function sourceFaults(options: VerifierOptions): string[] {
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
