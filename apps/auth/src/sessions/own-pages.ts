import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Config } from '../config.js';
import { SessionsError } from './sessions.errors.js';

/**
 * Where a request came from: one of our pages, someone else's page, or a caller that is not a page.
 * Browsers say so in headers that no script can set (Fetch standard, "forbidden request-header").
 */
type PageKind = 'own' | 'foreign' | 'none';

/** The pages that may use a session which is kept in a cookie: auth's own, and those of `CORS_ORIGINS`. */
@Injectable()
export class OwnPages {
  private readonly origins: ReadonlySet<string>;

  constructor(config: Config) {
    this.origins = new Set(config.ownOrigins);
  }

  /**
   * Login CSRF (threat:login-csrf): another page that logs its visitors in as the attacker would read
   * what they then do. A caller that is not a page has no visitors.
   *
   * @throws SessionsError `cross_site_request`
   */
  demandOwnOrNone(request: Pick<FastifyRequest, 'headers'>): void {
    if (this.kindOf(request) !== 'foreign') return;
    throw new SessionsError('cross_site_request', 'A foreign page asked for a cookie');
  }

  kindOf({ headers }: Pick<FastifyRequest, 'headers'>): PageKind {
    const { origin, host, 'sec-fetch-site': site } = headers;
    // `same-site` is any sibling domain, and `none` no page.
    const isSameOrigin = site === 'same-origin';
    if (origin === undefined) {
      if (site === undefined) return 'none';
      return isSameOrigin ? 'own' : 'foreign';
    }
    if (this.origins.has(origin)) return 'own';
    // The page may have reached this server by another name, as 127.0.0.1 for localhost.
    const isThisHost = URL.canParse(origin) && new URL(origin).host === host;
    return isSameOrigin && isThisHost ? 'own' : 'foreign';
  }
}
