import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { ClientAuthenticationService } from '../clients/client-authentication.service.js';
import type { Client } from '../clients/client.entity.js';
import { WEB_CLIENT } from '../sessions/token-pairs.js';
import type { Form } from './forms.js';
import { OAuthError } from './oauth.errors.js';
import { presentedClient } from './presented-client.js';

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
