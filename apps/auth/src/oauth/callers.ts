import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import type { Client, ClientGrant } from '../clients/client.entity.js';
import { WEB_CLIENT } from '../sessions/token-pairs.js';
import type { Form } from './forms.js';
import { OAuthError } from './oauth.errors.js';

/** Finds out which client calls. */
@Injectable()
export class Callers {
  constructor(private readonly clients: ClientAuthenticationService) {}

  /**
   * The client that has authenticated itself; `undefined` for the public client `web`, which has no
   * secret and says its id or nothing.
   *
   * @throws OAuthError `invalid_client`, `invalid_request`
   */
  async identify({ raw }: FastifyRequest, form: Form): Promise<Client | undefined> {
    const presented = presentedClient(raw, form);
    if (!presented) return undefined;
    const { id, secret } = presented;
    if (id === WEB_CLIENT && secret === undefined) return undefined;
    const client = await this.clients.authenticate(id, secret ?? '');
    // One answer for all reasons: ids are not to be tried out.
    return client ?? unauthenticated();
  }

  /** @throws OAuthError `invalid_client`, `invalid_request` */
  async demand(request: FastifyRequest, form: Form): Promise<Client> {
    return (await this.identify(request, form)) ?? unauthenticated();
  }
}

function unauthenticated(): never {
  throw new OAuthError('invalid_client', 'The client is unknown or its secret is wrong');
}

/**
 * @param status of the refusal
 * @throws OAuthError `unauthorized_client`
 */
export function demandGrant({ grants }: Client, grant: ClientGrant, status = 400): void {
  if (grants.includes(grant)) return;
  const message = `The client is not registered for ${grant}`;
  throw new OAuthError('unauthorized_client', message, { status });
}

/** Who a request says that it is from. Without a secret it proves nothing. */
interface PresentedClient {
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
function presentedClient(
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
