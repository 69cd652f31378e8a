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

interface Payload {
  readonly sub: string;
  readonly sid?: string;
  readonly scope?: string;
  readonly roles?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Reads an access token, without a check of its signature. `undefined` for an opaque one. */
export function principalOf(accessToken: string): Principal | undefined {
  const payload = accessToken.split('.')[1];
  if (payload === undefined) return undefined;
  const base64 = payload.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const { sub, sid, scope, roles, claims } = JSON.parse(new TextDecoder().decode(bytes)) as Payload;
  return {
    subject: sub,
    sessionId: sid,
    scopes: scopesIn(scope),
    roles: roles ?? [],
    claims: claims ?? {},
  };
}

export const scopesIn = (scope = ''): string[] => scope.split(' ').filter(Boolean);
