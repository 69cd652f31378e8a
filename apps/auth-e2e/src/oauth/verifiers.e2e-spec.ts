import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { call } from '@jwt-auth/dev-stack';

import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import express, { type ErrorRequestHandler, type Handler } from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import jwksRsa from 'jwks-rsa';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Stack } from '../stack.js';
import { newSession } from '../users.js';
import { OAuthStack, type NewClient } from './oauth-stack.js';

let stack: OAuthStack;
let service: NewClient;
const servers: Server[] = [];

beforeAll(async () => {
  stack = await OAuthStack.start(await Stack.start({ withOrders: true }));
  service = await stack.newClient();
});
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await stack?.stop();
});

const trusted = () => ({
  issuer: stack.issuer,
  audience: 'api',
  jwksUri: `${stack.issuer}/.well-known/jwks.json`,
});

/** As the manual of each says, for our issuer. */
const guards: Record<string, () => Handler[]> = {
  'express-oauth2-jwt-bearer, which finds the JWKS by itself': () => [
    auth({ issuerBaseURL: stack.issuer, audience: 'api', tokenSigningAlg: 'RS256', strict: true }),
    requiredScopes('orders:read'),
  ],
  'passport-jwt with jwks-rsa': () => {
    const { issuer, audience, jwksUri } = trusted();
    const strategy = new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: jwksRsa.passportJwtSecret({ cache: true, rateLimit: true, jwksUri }),
        ...{ issuer, audience, algorithms: ['RS256'] },
      },
      (payload: object, done) => done(null, payload),
    );
    return [passport.authenticate(strategy, { session: false }) as Handler];
  },
  'the generic verifier of aws-jwt-verify': () => {
    // Its own fetcher knows https only.
    const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() };
    const jwksCache = new SimpleJwksCache({ fetcher });
    const verifier = JwtVerifier.create(trusted(), { jwksCache });
    return [
      async ({ headers: { authorization = '' } }, response, next) => {
        const verified = verifier.verify(authorization.replace('Bearer ', ''));
        await verified.then(
          () => next(),
          () => response.sendStatus(401),
        );
      },
    ];
  },
};

const answerError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) =>
  void response.sendStatus(error.status ?? 500);

/** A small service with another library, on loopback. */
async function serve(handlers: Handler[]): Promise<string> {
  const app = express();
  app.get('/', ...handlers, (_request, response) => void response.json({ welcome: true }));
  app.use(answerError);
  const server = createServer(app as Parameters<typeof createServer>[1]);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The same text, but for one character of one part. */
function tampered(token: string, part: 1 | 2): string {
  const parts = token.split('.');
  const text = parts[part]!;
  const changed = text[20] === 'A' ? 'B' : 'A';
  return parts.with(part, text.slice(0, 20) + changed + text.slice(21)).join('.');
}

describe.each(Object.entries(guards))('%s', (_name, guard) => {
  let url: string;
  const status = async (token?: string) => {
    const headers = new Headers(token === undefined ? [] : [['authorization', `Bearer ${token}`]]);
    return (await fetch(url, { headers })).status;
  };
  beforeAll(async () => {
    url = await serve(guard());
  });

  it('accepts a token of a user and one of a client', async () => {
    expect(await status((await newSession(stack.issuer)).access_token)).toBe(200);
    expect(await status(await stack.ownToken(service))).toBe(200);
  });

  it('refuses no token, and one that was tampered with', async () => {
    const token = await stack.ownToken(service);
    expect(await status()).toBe(401);
    expect(await status(tampered(token, 1))).toBe(401);
    expect(await status(tampered(token, 2))).toBe(401);
    expect(await status(token)).toBe(200);
  });

  it('accepts a token of the next key when the keys rotate', async () => {
    const rotate = { method: 'POST', token: stack.admin };
    expect((await call(`${stack.issuer}/admin/keys/rotate`, rotate)).status).toBe(200);
    expect(await status(await stack.ownToken(service))).toBe(200);
  });
});
