import type { JwtParts } from './jwt-parts.js';

/** What the page can check by itself. Whether a token was revoked, only a verifier knows. */
export type CheckName = 'kind' | 'key' | 'signature' | 'issuer' | 'time';
type Verdict = 'passed' | 'failed' | 'unknown';

export interface Check {
  readonly name: CheckName;
  readonly verdict: Verdict;
}

export interface Jwk extends JsonWebKey {
  readonly kid?: string;
}

export interface CheckContext {
  /** The public keys of the issuer. */
  readonly keys: readonly Jwk[];
  /** As its metadata says. */
  readonly issuer: string;
  readonly nowMs: number;
}

/** As the verifiers of services have it by default. */
const CLOCK_TOLERANCE_MS = 5_000;
const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** Checks a token in the order of a verifier, with WebCrypto alone. */
export async function check(token: JwtParts, context: CheckContext): Promise<Check[]> {
  const { header, payload } = token;
  const isKind =
    header['alg'] === 'RS256' && /^(application\/)?at\+jwt$/i.test(String(header['typ']));
  const key = context.keys.find(({ kid }) => kid !== undefined && kid === header['kid']);
  return [
    { name: 'kind', verdict: verdict(isKind) },
    { name: 'key', verdict: verdict(key !== undefined) },
    { name: 'signature', verdict: await signatureVerdict(token, key) },
    { name: 'issuer', verdict: verdict(payload['iss'] === context.issuer) },
    { name: 'time', verdict: verdict(isInTime(payload, context.nowMs)) },
  ];
}

const verdict = (passes: boolean): Verdict => (passes ? 'passed' : 'failed');

async function signatureVerdict(token: JwtParts, jwk: Jwk | undefined): Promise<Verdict> {
  // Browsers offer it to pages over https, and on this machine.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!jwk || !subtle) return 'unknown';
  try {
    const key = await subtle.importKey('jwk', jwk, RS256, false, ['verify']);
    return verdict(await subtle.verify(RS256, key, token.signature, token.signed));
  } catch {
    return 'failed';
  }
}

function isInTime(payload: JwtParts['payload'], nowMs: number): boolean {
  const { iat, nbf = iat, exp } = payload;
  if (typeof iat !== 'number' || typeof exp !== 'number' || typeof nbf !== 'number') return false;
  const hasBegun = Math.max(iat, nbf) * 1000 <= nowMs + CLOCK_TOLERANCE_MS;
  return hasBegun && exp * 1000 > nowMs - CLOCK_TOLERANCE_MS;
}
