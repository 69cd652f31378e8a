import { ApiProblem } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { RouteConfig, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

import { Config } from '../config.js';
import { RefreshCookie } from './refresh-cookie.js';
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

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly readsRefreshCookie?: boolean;
  }
}

/** Marks a handler that reads the cookie: `refuseCrossSiteRequests` protects it. */
export const ReadsRefreshCookie = (): MethodDecorator => RouteConfig({ readsRefreshCookie: true });

export const ApiCrossSiteRefusal = (): MethodDecorator =>
  ApiProblem(403, '`cross_site_request`: it is about a cookie, and from no allowed page');

const JSON_TYPE = /^application\/json[ \t]*(;|$)/i;

/**
 * Cross-site request forgery (threat:cross-site-request-forgery): a browser adds the cookie whichever
 * page causes a request. With it, a request must be from one of our pages, and its content type one
 * that no form can send and no page without a preflight. Checked before the body is read: otherwise
 * a body that the parser refuses would get another answer.
 */
export function refuseCrossSiteRequests(app: NestFastifyApplication): void {
  const cookie = app.get(RefreshCookie, { strict: false });
  const pages = app.get(OwnPages, { strict: false });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      if (!request.routeOptions.config.readsRefreshCookie || !cookie.isIn(request)) return done();
      const isJson = JSON_TYPE.test(request.headers['content-type'] ?? '');
      if (isJson && pages.kindOf(request) === 'own') return done();
      done(new SessionsError('cross_site_request', 'The cookie came with a foreign request'));
    });
}
