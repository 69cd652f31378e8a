import { isLoopback } from '@jwt-auth/jwt-core';
import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Config } from '../config.js';
import { ReferenceTokens } from '../tokens/reference-tokens.js';
import { SessionsError } from './sessions.errors.js';
import type { CookieTokenResponse, SessionTokens } from './sessions.schema.js';

/**
 * The cookie in which a browser keeps a refresh token, where no script of a page can read it
 * (RFC 6265bis). It is sent only to auth's own routes, and only by pages of the same site.
 *
 * `__Secure-` makes browsers refuse it from a server without TLS. `__Host-` would also refuse it from
 * sibling domains, but needs `Path=/`, and then the token would travel with every request.
 */
@Injectable()
export class RefreshCookie {
  private readonly logger = new Logger(RefreshCookie.name);
  private readonly name: string;
  private readonly attributes: string;

  constructor(
    { issuer, basePath }: Config,
    private readonly references: ReferenceTokens,
  ) {
    const url = new URL(issuer);
    // Not all browsers take secure cookies from http://localhost.
    const isSecure = url.protocol === 'https:' || !isLoopback(url);
    this.name = isSecure ? '__Secure-refresh_token' : 'refresh_token';
    const secure = isSecure ? ' Secure;' : '';
    this.attributes = `Path=${basePath}/auth; HttpOnly;${secure} SameSite=Strict`;
  }

  /**
   * Moves the refresh token from an answer's body into the cookie, and adds the claims of an opaque access
   * token.
   */
  async deliver(reply: FastifyReply, tokens: SessionTokens): Promise<CookieTokenResponse> {
    const { refresh_token: token, ...body } = tokens;
    this.set(reply, token, body.refresh_expires_in);
    return body.access_token_claims ? body : { ...body, ...(await this.kept(body.access_token)) };
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }

  isIn(request: Pick<FastifyRequest, 'headers'>): boolean {
    return this.valuesIn(request).length > 0;
  }

  isAmbiguous(request: Pick<FastifyRequest, 'headers'>): boolean {
    return this.valuesIn(request).length > 1;
  }

  /**
   * The token as it was set: never decoded, so that one token has one spelling.
   *
   * Cookie tossing (threat:cookie-tossing): a sibling domain can add a cookie of the same name, and
   * which of the two comes first is not to be relied on.
   *
   * @throws SessionsError `refresh_token_ambiguous`
   */
  read(request: Pick<FastifyRequest, 'headers'>): string | undefined {
    if (!this.isAmbiguous(request)) return this.valuesIn(request)[0];
    throw new SessionsError('refresh_token_ambiguous', 'There are several cookies of this name');
  }

  /** The claims of an opaque access token that is delivered again: a replay has none. */
  private async kept(token: string): Promise<Pick<CookieTokenResponse, 'access_token_claims'>> {
    try {
      const claims = await this.references.resolve(token);
      return claims ? { access_token_claims: claims } : {};
    } catch (error) {
      // The refresh has been committed: without this answer the session could be lost.
      this.logger.warn('The claims of an opaque access token could not be read', error);
      return {};
    }
  }

  private valuesIn({ headers: { cookie = '' } }: Pick<FastifyRequest, 'headers'>): string[] {
    const start = `${this.name}=`;
    return cookie
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(start) && pair.length > start.length)
      .map((pair) => pair.slice(start.length));
  }

  private set(reply: FastifyReply, value: string, maxAgeSeconds: number): void {
    const cookie = `${this.name}=${value}; Max-Age=${maxAgeSeconds}; ${this.attributes}`;
    void reply.header('set-cookie', cookie);
  }
}
