import { randomUUID } from 'node:crypto';
import {
  FOLLOWER_NAME_FORM,
  type FollowerIdentity,
  isFollowerName,
} from '../revocation/http-revocation-source.js';
import { KEY_SET_DEFAULTS, MAX_JWKS_STALE_SECONDS } from '../keys/remote-key-set.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../revocation/revocation-list.js';
import { DEFAULT_CLOCK_TOLERANCE_SECONDS } from '../verifier/admission.js';
import { DEFAULT_REMEMBERED_TOKENS, MOST_REMEMBERED_TOKENS } from '../verifier/verified-tokens.js';
import {
  ISSUER_OPTION_NAMES,
  issuerFaults,
  type IssuerOptions,
  type IssuerSettings,
  issuerSettings,
  isNonEmptyString,
} from './issuer-options.js';

/** What holds for all issuers. */
interface SharedOptions {
  /**
   * The name of this service, as `orders`. With it, issuers know which of its processes have
   * applied a revocation. Default: it has no name, and no issuer waits for it.
   */
  readonly service?: string | undefined;
  /** What this process runs, as `1.4.2`: reported beside `service`. */
  readonly serviceVersion?: string | undefined;
  /** How old the revocation list may be before requests are refused with 503. Default 30. */
  readonly maxStalenessSeconds?: number;
  /** Clock tolerance for `exp`, `nbf` and `iat`. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** How many verified tokens to remember, of each issuer. Default 10,000. */
  readonly rememberedTokens?: number;
  /** How often the key set is fetched. Default 300; half of `jwksMaxStaleSeconds` at most. */
  readonly jwksRefreshSeconds?: number;
  /**
   * The least time between a fetch of keys and the next one for an unknown `kid`, and the time from a
   * failed fetch to the next one. Default 10.
   */
  readonly jwksCooldownSeconds?: number;
  /** How long the last good keys are used while the issuer is down. Default 86,400. */
  readonly jwksMaxStaleSeconds?: number;
  /** Allows a plain `http` issuer beyond this machine: only inside a private network. */
  readonly allowHttpIssuer?: boolean;
}

type OneIssuer = IssuerOptions & { readonly issuers?: undefined };
type SeveralIssuers = { readonly [Name in keyof IssuerOptions]?: undefined } & {
  /**
   * Their tokens are accepted side by side. Keys and revocations of one never count for another.
   */
  readonly issuers: readonly IssuerOptions[];
};

/** How to verify tokens: of the issuer `issuer` for `audience`, or of several `issuers`. */
export type VerifierOptions = SharedOptions & (OneIssuer | SeveralIssuers);

type NumericOption = keyof Omit<SharedOptions, 'allowHttpIssuer' | 'service' | 'serviceVersion'>;

/** The options of each issuer, with defaults for all numbers. */
export interface VerifierSettings extends Readonly<Record<NumericOption, number>> {
  readonly allowHttpIssuer: boolean;
  /** `undefined` if the service has no name. */
  readonly follower: FollowerIdentity | undefined;
  readonly issuers: readonly [IssuerSettings, ...IssuerSettings[]];
}

// No upper limit switches a check off: tokens live for a day at most.
const NUMBERS: Readonly<Record<NumericOption, [fallback: number, least: number, most: number]>> = {
  maxStalenessSeconds: [30, 0.1, 86_400],
  clockToleranceSeconds: [DEFAULT_CLOCK_TOLERANCE_SECONDS, 0, MAX_CLOCK_TOLERANCE_SECONDS],
  rememberedTokens: [DEFAULT_REMEMBERED_TOKENS, 0, MOST_REMEMBERED_TOKENS],
  jwksRefreshSeconds: [KEY_SET_DEFAULTS.refreshMs / 1_000, 1, 86_400],
  jwksCooldownSeconds: [KEY_SET_DEFAULTS.cooldownMs / 1_000, 0.1, 3_600],
  jwksMaxStaleSeconds: [KEY_SET_DEFAULTS.maxStaleMs / 1_000, 1, MAX_JWKS_STALE_SECONDS],
};

/** All of them: it does not compile when one is missing. */
const SHARED_OPTION_NAMES = Object.keys({
  service: true,
  serviceVersion: true,
  maxStalenessSeconds: true,
  clockToleranceSeconds: true,
  rememberedTokens: true,
  jwksRefreshSeconds: true,
  jwksCooldownSeconds: true,
  jwksMaxStaleSeconds: true,
  allowHttpIssuer: true,
} satisfies Record<keyof SharedOptions, true>);

/** Options beside the verifier's. */
interface FurtherOptions {
  readonly names: readonly string[];
  /** All that is wrong with them. */
  faults(allowHttp: boolean): readonly string[];
}

const NONE: FurtherOptions = { names: [], faults: () => [] };

/**
 * Checks the options and fills in the defaults.
 *
 * @param caller what was called with them, for the error
 * @throws TypeError with a list of all faults
 */
export function verifierSettings(
  options: VerifierOptions,
  caller: string,
  further: FurtherOptions = NONE,
): VerifierSettings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${caller} has no options: it needs an issuer and an audience`);
  }
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [fallback]]) => [
      name,
      options[name as NumericOption] ?? fallback,
    ]),
  ) as Record<NumericOption, number>;
  const allowHttpIssuer = options.allowHttpIssuer === true;
  const faults = [
    ...allIssuersFaults(options, allowHttpIssuer),
    ...numberFaults(numbers),
    ...followerFaults(options),
    ...further.faults(allowHttpIssuer),
    ...unknownFaults(options, further.names),
  ];
  if (faults.length > 0) {
    throw new TypeError(`${caller} has wrong options:\n  ${faults.join('\n  ')}`);
  }
  const [first, ...others] = issuersOf(options).map(issuerSettings);
  const follower = followerOf(options);
  return { ...numbers, allowHttpIssuer, follower, issuers: [first!, ...others] };
}

/** The same for all issuers, and another one for each process. */
function followerOf({ service, serviceVersion }: VerifierOptions): FollowerIdentity | undefined {
  if (service === undefined) return undefined;
  const version = serviceVersion === undefined ? {} : { version: serviceVersion };
  return { service, instance: randomUUID(), ...version };
}

function followerFaults({ service, serviceVersion }: VerifierOptions): string[] {
  const faults = Object.entries({ service, serviceVersion })
    .filter(([, value]) => value !== undefined && !isFollowerName(value))
    .map(([name]) => `${name} is not ${FOLLOWER_NAME_FORM}`);
  if (serviceVersion !== undefined && service === undefined) {
    faults.push('serviceVersion needs a service');
  }
  return faults;
}

/** Misspelt or in the wrong place. If it were ignored, what it makes stricter would not be. */
function unknownFaults(options: VerifierOptions, furtherNames: readonly string[]): string[] {
  const beside = [...SHARED_OPTION_NAMES, ...furtherNames];
  const known: readonly string[] = [...beside, ...ISSUER_OPTION_NAMES, 'issuers'];
  const faults = givenNames(options)
    .filter((name) => !known.includes(name))
    .map((name) => notAnOption(name));
  const issuers: unknown = options.issuers;
  for (const [at, issuer] of (Array.isArray(issuers) ? issuers : []).entries()) {
    for (const name of givenNames(issuer)) {
      if ((ISSUER_OPTION_NAMES as readonly string[]).includes(name)) continue;
      const isBeside = beside.includes(name);
      const fault = isBeside ? `${name} is beside issuers, not in one of them` : notAnOption(name);
      faults.push(`issuers[${at}]: ${fault}`);
    }
  }
  return faults;
}

function givenNames(options: unknown): string[] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

const notAnOption = (name: string) =>
  name === 'revocationSource' ? `${name} is called revocations` : `${name} is not an option`;

/** The issuers of either form of the options. */
export function issuersOf(options: VerifierOptions): readonly IssuerOptions[] {
  return options.issuers ?? [options];
}

function allIssuersFaults(options: VerifierOptions, allowHttp: boolean): string[] {
  if (options.issuers === undefined) return issuerFaults(options, allowHttp);
  const issuers: unknown = options.issuers;
  if (!Array.isArray(issuers) || issuers.length === 0) {
    return ['issuers is a list of one issuer at least'];
  }
  // From JavaScript: ignored, a stricter rule beside `issuers` would hold for none of them.
  const faults = ISSUER_OPTION_NAMES.filter((name) => options[name] !== undefined).map(
    (name) => `${name} is in each of issuers, not beside them`,
  );
  const names = new Set<string>();
  let resolving = 0;
  for (const [at, each] of (issuers as (Partial<IssuerOptions> | null)[]).entries()) {
    const { issuer, clientId, referenceTokens } = each ?? {};
    const own = issuerFaults((each ?? {}) as IssuerOptions, allowHttp);
    if (isNonEmptyString(issuer) && names.has(issuer)) own.push(`${issuer} is there twice`);
    if (isNonEmptyString(issuer)) names.add(issuer);
    if (clientId ?? referenceTokens) resolving += 1;
    faults.push(...own.map((fault) => `issuers[${at}]: ${fault}`));
  }
  if (resolving > 1) {
    faults.push('only one of issuers can resolve reference tokens, as they name no issuer');
  }
  return faults;
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
