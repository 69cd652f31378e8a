import { randomUUID } from 'node:crypto';
import type { IssuerOptions } from '../runtime/issuer-options.js';
import { type Members, mintToken, newKeyPair, type SigningKey } from './access-token.js';

/** Who calls, as the service under test sees it: the members of its `Principal`. */
export interface Caller {
  /** Default `user`. */
  readonly subject?: string;
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  /** Default `web`, as for a user's login. */
  readonly clientId?: string;
  /** Default: a new one. `null`: none, as if a service calls for itself. */
  readonly sessionId?: string | null;
  /** Further claims of the issuer about the subject. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Claims of the token itself, by their names there, as `acr` or `auth_time`. */
  readonly token?: Readonly<Record<string, unknown>>;
}

/** The headers of a request. */
export interface CallerHeaders {
  readonly authorization: string;
}

const ISSUER = 'https://callers.test';
const AUDIENCE = 'service under test';

/**
 * Made for each process: who else has a private key that this package trusts could call a service.
 */
let key: SigningKey | undefined;
const callerKey = (): SigningKey =>
  (key ??= {
    kid: randomUUID(),
    algorithm: 'ES256',
    ...newKeyPair('ES256'),
  });

/** Accepts the tokens of callers, and no other, without any I/O. */
export function callersIssuer(): IssuerOptions {
  const own = callerKey();
  const get = (kid: string) => (kid === own.kid ? own : undefined);
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    revocations: 'none',
    keySet: { get, find: (kid) => Promise.resolve(get(kid)) },
  };
}

/**
 * The headers of a request by this caller, whose token is signed and verified as any other:
 *
 * ```ts
 * await request(app.getHttpServer())
 *   .get('/orders')
 *   .set(asCaller({ scopes: ['orders:read'] }))
 *   .expect(200);
 * ```
 *
 * For applications with `JwtCoreTestingModule`. The token is valid for 15 minutes.
 */
export function asCaller(caller: Caller = {}): CallerHeaders {
  const { subject = 'user', scopes = [], roles = [], clientId, sessionId, claims, token } = caller;
  const members: Members = {
    sub: subject,
    scope: scopes.join(' '),
    roles,
    ...(clientId !== undefined && { client_id: clientId }),
    ...(sessionId !== undefined && { sid: sessionId ?? undefined }),
    ...(claims !== undefined && { claims }),
    ...token,
  };
  const origin = {
    issuer: ISSUER,
    audience: AUDIENCE,
    key: callerKey(),
    nowSeconds: Math.floor(Date.now() / 1000),
  };
  return { authorization: `Bearer ${mintToken(origin, members, {})}` };
}
