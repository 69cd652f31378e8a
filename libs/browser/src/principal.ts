/** Who is logged in, for a page to show. What they may do is decided by the services that it calls. */
export interface Principal {
  /** The user's id. */
  readonly subject: string;
  readonly sessionId: string | undefined;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** What else the issuer says of the user. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What an access token says, as far as a page needs it. */
export interface TokenClaims {
  readonly sub: string;
  readonly sid?: string;
  readonly scope?: string;
  readonly roles?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Reads an access token, without a check of its signature.
 *
 * @param described the claims of an opaque token: without them, it gives `undefined`
 */
export function principalOf(accessToken: string, described?: TokenClaims): Principal | undefined {
  const said = claimsIn(accessToken) ?? described;
  return (
    said && {
      subject: said.sub,
      sessionId: said.sid,
      scopes: (said.scope ?? '').split(' ').filter(Boolean),
      roles: said.roles ?? [],
      claims: said.claims ?? {},
    }
  );
}

function claimsIn(accessToken: string): TokenClaims | undefined {
  const payload = accessToken.split('.')[1];
  if (payload === undefined) return undefined;
  const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as TokenClaims;
}
