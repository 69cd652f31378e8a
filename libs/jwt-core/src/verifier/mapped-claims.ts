import { deepFreeze, identifier, isStrings, wrong } from './claim-values.js';
import { isJsonObject, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';
import { isPromise } from './is-promise.js';

/** What a principal has in place of the standard claims. What is absent stays as it is. */
export interface MappedClaims {
  readonly scopes?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Only with the profile `oidc`: the client, of an issuer without `client_id` and `azp`. */
  readonly clientId?: string | undefined;
  /** Only with the profile `oidc`: what is compared with `audience` in a token without `aud`. */
  readonly audience?: string | readonly string[] | undefined;
  /** `principal.claims`. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Makes parts of a principal out of the claims of an issuer that puts them elsewhere. Called once
 * for each new token, after its signature, issuer and kind were checked. The claims are frozen.
 */
export type MapClaims = (claims: Readonly<Record<string, unknown>>) => MappedClaims;

/**
 * Calls `mapClaims` and checks what it returns.
 *
 * @throws TokenError `token_invalid` if it throws, or returns anything else
 */
export function mapped(payload: JsonObject, mapClaims: MapClaims | undefined): MappedClaims {
  if (mapClaims === undefined) return {};
  const result = call(mapClaims, deepFreeze(payload)) as JsonObject;
  // Its rejection must not end the process.
  if (isPromise(result)) Promise.resolve(result).catch(() => undefined);
  if (!isJsonObject(result) || isPromise(result)) {
    throw new TokenError('token_invalid', 'mapClaims returned no object');
  }
  const { audience } = result;
  return {
    scopes: names(result, 'scopes'),
    roles: names(result, 'roles'),
    clientId: clientIdOf(result['clientId']),
    audience: typeof audience === 'string' ? audience : names(result, 'audience'),
    claims: copiedClaims(result['claims']),
  };
}

function call(mapClaims: MapClaims, payload: JsonObject): unknown {
  try {
    return mapClaims(payload);
  } catch (cause) {
    throw new TokenError('token_invalid', 'mapClaims threw an error', { cause });
  }
}

function clientIdOf(value: unknown): string | undefined {
  const name = 'clientId of mapClaims';
  return value === undefined ? undefined : identifier({ [name]: value }, name);
}

/** A frozen copy, as below. */
function copiedClaims(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw notMapped('claims');
  try {
    return deepFreeze(structuredClone(value));
  } catch (cause) {
    // A function cannot be copied, nor a Buffer frozen.
    throw new TokenError('token_invalid', 'claims of mapClaims are no plain values', { cause });
  }
}

/** A frozen copy: the array may be a constant of the application. */
function names(result: JsonObject, member: string): readonly string[] | undefined {
  const value = result[member];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !isStrings(value)) throw notMapped(member);
  return Object.freeze([...value]);
}

function notMapped(member: string): TokenError {
  return wrong(`${member} of mapClaims`);
}
