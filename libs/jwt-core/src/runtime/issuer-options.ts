import { metadataAddresses } from '../issuer/issuer-address.js';
import type { RevocationSource } from '../revocation/revocation-source.js';
import { MAX_TOKEN_LIFETIME_MS, TOKEN_PROFILES, type TokenProfile } from '../verifier/claims.js';
import type { KeySet } from '../verifier/key-set.js';
import type { MapClaims } from '../verifier/mapped-claims.js';
import type { ReferenceTokenSource } from '../verifier/reference-token-verifier.js';
import {
  algorithmNamed,
  defaultAlgorithms,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
} from '../verifier/signature.js';

/** An issuer whose tokens are accepted. Only `issuer` and `audience` are required. */
export interface IssuerOptions {
  /** Exactly the `iss` of its tokens. Keys and revocations are found through its metadata. */
  readonly issuer: string;
  /** The names of this service as an audience: `aud` must be or contain one of them. */
  readonly audience: string | readonly string[];
  /**
   * `rfc9068` (default): an issuer with our conventions. `oidc`: an OpenID Connect provider, whose
   * tokens may have `typ` `JWT` or none, `azp` in place of `client_id`, `scp` in place of `scope`,
   * and neither `iat` nor `jti`.
   */
  readonly profile?: TokenProfile | undefined;
  /**
   * `feed` (default): the issuer's metadata name a feed. Or a source of your own, as of the
   * issuer's database. `none`: its tokens cannot be revoked, so that they may not live for longer
   * than `maxTokenLifetimeSeconds`, by default 900.
   */
  readonly revocations?: 'feed' | 'none' | RevocationSource | undefined;
  /**
   * What its tokens may be signed with. Default: RS256; for `oidc` also PS256, ES256, EdDSA, which
   * RFC 9864 calls Ed25519: both names are accepted.
   */
  readonly algorithms?: readonly (SigningAlgorithm | 'Ed25519')[] | undefined;
  /** The longest life of a token, `exp` - `iat`. Default 86,400, and 900 without revocations. */
  readonly maxTokenLifetimeSeconds?: number | undefined;
  /**
   * Where the issuer is reached, if not at its own address: an address in its place, or that of its
   * metadata document. The `issuer` in the metadata must still be `issuer`.
   */
  readonly discoveryUrl?: string | undefined;
  /** Makes scopes, roles and more of claims of its own. */
  readonly mapClaims?: MapClaims | undefined;
  /** Keys from another source than the issuer's JWKS. Its owner starts and stops it. */
  readonly keySet?: KeySet | undefined;
  /**
   * This service's own credentials at the issuer, both or neither. With them it accepts reference
   * tokens, which it introspects (RFC 7662); without, they are `token_invalid`.
   */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** Reference tokens from another source than the issuer's introspection, without credentials. */
  readonly referenceTokens?: ReferenceTokenSource | undefined;
}

/** All of them: it does not compile when one is missing. */
export const ISSUER_OPTION_NAMES = Object.keys({
  issuer: true,
  audience: true,
  profile: true,
  revocations: true,
  algorithms: true,
  maxTokenLifetimeSeconds: true,
  discoveryUrl: true,
  mapClaims: true,
  keySet: true,
  clientId: true,
  clientSecret: true,
  referenceTokens: true,
} satisfies Record<keyof IssuerOptions, true>) as readonly (keyof IssuerOptions)[];

/** The options of an issuer with the defaults filled in. */
export interface IssuerSettings extends IssuerOptions {
  readonly algorithms: readonly SigningAlgorithm[];
  /** `undefined`: as long as any token may live. */
  readonly maxLifetimeMs: number | undefined;
}

/** Without revocations a stolen token can be used until it expires. */
const UNREVOCABLE_LIFETIME_SECONDS = 900;
const MAX_LIFETIME_SECONDS = MAX_TOKEN_LIFETIME_MS / 1_000;

export function issuerSettings(options: IssuerOptions): IssuerSettings {
  const { profile, algorithms, revocations, maxTokenLifetimeSeconds } = options;
  const fallback = revocations === 'none' ? UNREVOCABLE_LIFETIME_SECONDS : undefined;
  const lifetimeSeconds = maxTokenLifetimeSeconds ?? fallback;
  return {
    ...options,
    algorithms:
      algorithms?.flatMap((name) => algorithmNamed(name) ?? []) ?? defaultAlgorithms(profile),
    maxLifetimeMs: lifetimeSeconds === undefined ? undefined : lifetimeSeconds * 1_000,
  };
}

export function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What is wrong with the options of an issuer. */
export function issuerFaults(options: IssuerOptions, allowHttp: boolean): string[] {
  return [
    ...nameFaults(options),
    ...addressFaults(options, allowHttp),
    ...credentialFaults(options),
    ...tokenFaults(options),
    ...sourceFaults(options),
  ];
}

function nameFaults({ issuer, audience }: IssuerOptions): string[] {
  const names: unknown = audience;
  const isAudience = isNonEmptyString(names) || (Array.isArray(names) && names.length > 0);
  return [
    ...(isNonEmptyString(issuer) ? [] : ['issuer is required']),
    ...(isAudience && (isNonEmptyString(names) || (names as unknown[]).every(isNonEmptyString))
      ? []
      : ['audience is required']),
  ];
}

function addressFaults(options: IssuerOptions, allowHttp: boolean): string[] {
  const { issuer, discoveryUrl, keySet, revocations = 'feed', clientId } = options;
  const isFetched = !keySet || revocations === 'feed' || clientId !== undefined;
  if (!isNonEmptyString(issuer) || !isFetched) return [];
  try {
    metadataAddresses({ issuer, allowHttp, discoveryUrl });
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Faults of the credentials, without their values. */
function credentialFaults({ clientId, clientSecret }: IssuerOptions): string[] {
  if (clientId === undefined && clientSecret === undefined) return [];
  return [
    ...(isNonEmptyString(clientId) ? [] : ['clientId is required beside a clientSecret']),
    ...(isNonEmptyString(clientSecret) ? [] : ['clientSecret is required beside a clientId']),
  ];
}

function tokenFaults(options: IssuerOptions): string[] {
  const { profile, algorithms, mapClaims, maxTokenLifetimeSeconds: lifetime } = options;
  const faults: string[] = [];
  if (profile !== undefined && !TOKEN_PROFILES.includes(profile)) {
    faults.push(`profile is one of ${TOKEN_PROFILES.join(', ')}, not ${String(profile)}`);
  }
  const isList = Array.isArray(algorithms) && algorithms.length > 0;
  if (algorithms !== undefined && !(isList && algorithms.every((name) => algorithmNamed(name)))) {
    faults.push(`algorithms is a list of some of ${SIGNING_ALGORITHMS.join(', ')}`);
  }
  if (mapClaims !== undefined && typeof mapClaims !== 'function') {
    faults.push('mapClaims is not a function');
  }
  // Written so that NaN fails.
  const isLifetime =
    typeof lifetime === 'number' && lifetime >= 1 && lifetime <= MAX_LIFETIME_SECONDS;
  if (lifetime !== undefined && !isLifetime) {
    const range = `from 1 to ${MAX_LIFETIME_SECONDS}`;
    faults.push(`maxTokenLifetimeSeconds is a number ${range}, not ${String(lifetime)}`);
  }
  return faults;
}

function sourceFaults(options: IssuerOptions): string[] {
  const { keySet, revocations, referenceTokens } = options;
  const faults: string[] = [];
  if (keySet && typeof keySet.find !== 'function') faults.push('keySet is not a KeySet');
  const isNamed = revocations === undefined || revocations === 'feed' || revocations === 'none';
  if (!isNamed && typeof revocations?.read !== 'function') {
    faults.push("revocations is 'feed', 'none' or a RevocationSource");
  }
  if (referenceTokens && typeof referenceTokens.resolve !== 'function') {
    faults.push('referenceTokens is not a ReferenceTokenSource');
  }
  return faults;
}
