import { IssuerError } from './issuer-error.js';

/** Stricter than the URL parser, as an issuer is compared with `iss` as it is written. */
const IDENTIFIER = /^https?:\/\/[^\s\\?#]+$/;
/** A document may be at an address with a query. */
const DOCUMENT = /^https?:\/\/[^\s\\#]+$/;
const WELL_KNOWN = '/.well-known/';

/**
 * The address of an issuer's metadata: the well-known path between host and path of its identifier
 * (RFC 8414 section 3.1).
 *
 * @throws IssuerError `address_invalid` for an identifier that section 2 forbids: not an absolute
 * `https` address (plain `http` only for a loopback address, or with `allowHttp`), or one with a
 * query, a fragment or credentials.
 */
export function metadataAddress(issuer: string, allowHttp: boolean): string {
  return addressBelow(checkedUrl('issuer', issuer, IDENTIFIER, allowHttp));
}

function addressBelow({ origin, pathname }: URL): string {
  return `${origin}${WELL_KNOWN}oauth-authorization-server${pathname.replace(/\/$/, '')}`;
}

function checkedUrl(name: string, address: unknown, form: RegExp, allowHttp: boolean): URL {
  const refuse = (why: string): never => {
    const message = `The ${name} ${JSON.stringify(address)} ${why}.`;
    throw new IssuerError('address_invalid', message);
  };
  if (typeof address !== 'string' || !form.test(address) || !URL.canParse(address)) {
    const without = form === IDENTIFIER ? 'query or fragment' : 'fragment';
    return refuse(`is not of the form https://host/path, without ${without}`);
  }
  const url = new URL(address);
  const fault = addressFault(url, allowHttp || isLoopback(url));
  return fault === undefined ? url : refuse(fault);
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
   * Where it is reached, if not at its own address: another address in place of `issuer`, or that
   * of a metadata document.
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
  let address = metadataAddress(issuer, allowHttp);
  if (discoveryUrl !== undefined) {
    const isDocument = String(discoveryUrl).includes(WELL_KNOWN);
    const form = isDocument ? DOCUMENT : IDENTIFIER;
    const url = checkedUrl('discoveryUrl', discoveryUrl, form, allowHttp);
    if (isDocument) return [discoveryUrl];
    address = addressBelow(url);
  }
  const base = (discoveryUrl ?? issuer).replace(/\/$/, '');
  return openid ? [`${base}${WELL_KNOWN}openid-configuration`, address] : [address];
}

/**
 * An endpoint of an issuer as it is reached through its `discoveryUrl`: an address below the
 * issuer's own becomes the same path below the internal one. Other addresses stay as they are.
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
