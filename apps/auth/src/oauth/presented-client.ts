import type { IncomingMessage } from 'node:http';

import type { Form } from './forms.js';
import { OAuthError } from './oauth.errors.js';

/** Who a request says that it is from. Without a secret it proves nothing. */
export interface PresentedClient {
  readonly id: string;
  readonly secret?: string | undefined;
}

/**
 * The client that a request presents, by client_secret_basic or client_secret_post (RFC 6749 section
 * 2.3.1), or by its mere id. `undefined` when it presents none.
 *
 * @throws OAuthError `invalid_request` for two methods at once, `invalid_client` for credentials that
 *   cannot be read
 */
export function presentedClient(
  { headers: { authorization }, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  form: Form,
): PresentedClient | undefined {
  const id = form.get('client_id');
  const secret = form.get('client_secret');
  // Node keeps the first of two and drops the other silently, where a proxy may read the second.
  const names = rawHeaders.filter((name, i) => i % 2 === 0 && /^authorization$/i.test(name));
  if (names.length > 1) throw new OAuthError('invalid_request', 'Two Authorization headers');
  if (authorization === undefined) {
    if (id !== undefined) return { id, secret };
    if (secret !== undefined) throw new OAuthError('invalid_client', 'client_id is missing');
    return undefined;
  }
  if (secret !== undefined) {
    throw new OAuthError('invalid_request', 'Two methods of client authentication');
  }
  const basic = basicCredentials(authorization);
  if (!basic) throw new OAuthError('invalid_client', 'The Authorization header cannot be read');
  if (id !== undefined && id !== basic.id) {
    throw new OAuthError('invalid_request', 'client_id is another than in the header');
  }
  return basic;
}

const BASIC = /^basic +(?<encoded>[a-z\d+/]+={0,2})$/i;
const COLON = ':';

/** Both parts are form-encoded before they are joined, so that an id may hold a colon. */
function basicCredentials(authorization: string): PresentedClient | undefined {
  const { encoded } = BASIC.exec(authorization)?.groups ?? {};
  if (encoded === undefined) return undefined;
  const [id, ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(COLON);
  if (!id || secret.length === 0) return undefined;
  try {
    return { id: formDecode(id), secret: formDecode(secret.join(COLON)) };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
