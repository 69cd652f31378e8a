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

/** Where an issuer publishes its metadata, and where it is reached. */
export interface IssuerAddresses {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  /** Plain `http` also beyond the loopback interface: only inside a private network. */
  readonly allowHttp?: boolean | undefined;
  /** Whether it may publish OpenID Connect discovery alone. */
  readonly openid?: boolean | undefined;
  /**
   * Where it is reached, if not at its own address: another address in place of `issuer`, or that of
   * a metadata document.
   */
  readonly discoveryUrl?: string | undefined;
}

/**
 * The addresses of an issuer's metadata, the likeliest first: RFC 8414 section 3.1, and before it
 * OpenID Connect Discovery section 4.1 for issuers that may publish only that.
 *
 * @throws IssuerError `address_invalid`: see `metadataAddress`
 */
export function metadataAddresses(options: IssuerAddresses): readonly [string, ...string[]] {
  const { issuer, allowHttp = false, openid = false, discoveryUrl } = options;
  const own = metadataAddress(issuer, allowHttp);
  if (discoveryUrl !== undefined) checkDiscoveryUrl(discoveryUrl, allowHttp);
  if (discoveryUrl?.includes(WELL_KNOWN)) return [discoveryUrl];
  const address = discoveryUrl === undefined ? own : metadataAddress(discoveryUrl, allowHttp);
  const base = (discoveryUrl ?? issuer).replace(/\/$/, '');
  return openid ? [`${base}${WELL_KNOWN}openid-configuration`, address] : [address];
}

const WELL_KNOWN = '/.well-known/';

function checkDiscoveryUrl(discoveryUrl: unknown, allowHttp: boolean): void {
  const refuse = (why: string): never => {
    const message = `The discoveryUrl ${JSON.stringify(discoveryUrl)} ${why}.`;
    throw new IssuerError('address_invalid', message);
  };
  if (typeof discoveryUrl !== 'string' || !/^https?:\/\/[^\s\\#]+$/.test(discoveryUrl)) {
    return refuse('is not of the form https://host/path');
  }
  if (!URL.canParse(discoveryUrl)) return refuse('is not of the form https://host/path');
  const url = new URL(discoveryUrl);
  const fault = addressFault(url, allowHttp || isLoopback(url));
  if (fault !== undefined) return refuse(fault);
}

/**
 * An endpoint of an issuer as it is reached through its `discoveryUrl`: an address below the issuer's
 * own becomes the same path below the internal one. Other addresses stay as they are.
 */
export function innerAddress(endpoint: string, issuer: string, discoveryUrl: string): string {
  const { origin, pathname } = new URL(discoveryUrl);
  const outer = issuer.replace(/\/$/, '');
  if (endpoint.startsWith(`${outer}/`)) {
    const path = pathname.replace(/\/\.well-known\/[^/]+/, '').replace(/\/$/, '');
    return `${origin}${path}${endpoint.slice(outer.length)}`;
  }
  const url = new URL(endpoint);
  if (url.origin !== new URL(issuer).origin) return endpoint;
  return `${origin}${url.pathname}${url.search}`;
}
