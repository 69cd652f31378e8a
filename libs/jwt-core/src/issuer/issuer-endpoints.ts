import { addressFault, isLoopback } from './issuer-address.js';
import { IssuerError } from './issuer-error.js';

/** What services need to know of their issuer. */
export interface IssuerEndpoints {
  /** `jwks_uri` (RFC 8414 section 2). */
  readonly jwks: string;
  /** `revocation_feed`, an extension member; `undefined` for an issuer without one. */
  readonly revocationFeed: string | undefined;
  /** `introspection_endpoint`, `token_endpoint`; `undefined` for an issuer without one. */
  readonly introspection: string | undefined;
  readonly token: string | undefined;
}

/**
 * Reads an issuer's metadata (RFC 8414 section 3.2). The endpoints may be on another host than the
 * issuer, as the RFC allows and large issuers do: whoever can forge the metadata of an issuer could
 * forge its keys as well.
 *
 * @throws IssuerError `bad_metadata` unless they are this issuer's, and name absolute `https`
 * addresses. Plain `http` only when `allowHttp`, or from loopback issuer to loopback address.
 */
export function readEndpoints(
  document: unknown,
  issuer: string,
  allowHttp: boolean,
): IssuerEndpoints {
  const metadata = (document ?? {}) as Record<string, unknown>;
  // Issuer mix-up (threat:issuer-mix-up) (section 3.3): otherwise one issuer of a host could speak for another.
  if (metadata.issuer !== issuer) {
    throw new IssuerError(
      'bad_metadata',
      `The metadata of ${issuer} are of issuer ${JSON.stringify(metadata.issuer)}`,
    );
  }
  const address = (member: string): string => {
    const fault = endpointFault(metadata[member], issuer, allowHttp);
    if (fault === undefined) return metadata[member] as string;
    throw new IssuerError('bad_metadata', `The metadata of ${issuer}: \`${member}\` ${fault}`);
  };
  const optional = (member: string): string | undefined =>
    metadata[member] === undefined ? undefined : address(member);
  return {
    jwks: address('jwks_uri'),
    revocationFeed: optional('revocation_feed'),
    introspection: optional('introspection_endpoint'),
    token: optional('token_endpoint'),
  };
}

function endpointFault(value: unknown, issuer: string, allowHttp: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'is not an absolute address';
  const url = new URL(value);
  // Downgrade (threat:downgrade): an https issuer that points to plain http, even on this machine, would be a way
  // around https.
  const isLocal = isLoopback(url) && issuer.startsWith('http:');
  return addressFault(url, allowHttp || isLocal);
}
