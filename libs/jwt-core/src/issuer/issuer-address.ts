import { IssuerError } from './issuer-error.js';

/**
 * The address of an issuer's metadata: the well-known path between host and path of its identifier
 * (RFC 8414 section 3.1).
 *
 * @throws IssuerError `address_invalid` for an identifier that section 2 forbids: not an absolute
 * `https` address (plain `http` only for a loopback address, or with `allowHttp`), or one with a
 * query, a fragment or credentials.
 */
export function metadataAddress(issuer: string, allowHttp: boolean): string {
  const refuse = (why: string): never => {
    throw new IssuerError('address_invalid', `The issuer ${JSON.stringify(issuer)} ${why}.`);
  };
  // Stricter than the URL parser, as this string is compared with `iss` as it is written.
  if (!/^https?:\/\/[^\s\\?#]+$/.test(issuer) || !URL.canParse(issuer)) {
    return refuse('is not of the form https://host/path, without query or fragment');
  }
  const url = new URL(issuer);
  const fault = addressFault(url, allowHttp || isLoopback(url));
  if (fault !== undefined) return refuse(fault);
  return `${url.origin}/.well-known/oauth-authorization-server${url.pathname.replace(/\/$/, '')}`;
}

/** Why keys and revocations must not be read from this address. `undefined`: they may. */
export function addressFault(url: URL, httpAllowed: boolean): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is not an https address';
  if (url.protocol === 'http:' && !httpAllowed) return 'is plain http, which anyone can forge';
  if (url.username !== '' || url.password !== '') return 'carries credentials';
  return undefined;
}

/** Whether a URL names this machine: `localhost`, 127.0.0.0/8 or ::1 (RFC 6761 section 6.3). */
export function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
