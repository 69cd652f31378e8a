import { ApiProblem } from '@jwt-auth/chassis';
import { RouteConfig, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { OwnPages } from './own-pages.js';
import { RefreshCookie } from './refresh-cookie.js';
import { SessionsError } from './sessions.errors.js';

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
