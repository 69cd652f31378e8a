import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { Test } from '@nestjs/testing';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import {
  ClientCredentialsToken,
  type ClientCredentialsTokenOptions,
} from './client-credentials-token.js';

const client = { clientId: 'urn:billing service', clientSecret: 'hush+%ü' };
const failure = (code: string): unknown =>
  expect.objectContaining({ name: 'ClientTokenError', code });
const answering =
  (body: string, status = 200, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('ClientCredentialsToken', () => {
  let auth: TestIssuer;
  let clock: { ms: number };
  let token: ClientCredentialsToken;

  const make = (options: Partial<ClientCredentialsTokenOptions> = {}) =>
    new ClientCredentialsToken({
      issuer: auth.issuer,
      ...client,
      monotonicNow: () => clock.ms,
      ...options,
    });
  const asked = () => auth.requests('token');

  beforeEach(async () => {
    auth = await TestIssuer.start({ client });
    clock = { ms: 0 };
    token = make();
  });
  afterEach(() => auth.close());

  it('gets a token of the client itself, with the scope that is asked for', async () => {
    const accessToken = await make({ scope: 'orders:read orders:write' }).get();
    expect(decodeJwt(accessToken)).toMatchObject({
      sub: client.clientId,
      client_id: client.clientId,
      scope: 'orders:read orders:write',
    });
    expect(decodeJwt(accessToken)).not.toHaveProperty('sid');
  });

  it('gets a token for the audience that is asked for', async () => {
    expect(decodeJwt(await make({ resource: 'mail' }).get()).aud).toBe('mail');
    expect(decodeJwt(await token.get()).aud).toBe(auth.audience);
  });

  it('fetches once for all simultaneous callers, and then not at all', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => token.get()));
    expect(new Set(tokens).size).toBe(1);
    expect(await token.get()).toBe(tokens[0]);
    expect(asked()).toBe(1);
  });

  it('renews it in the last fifth of its life, while the old one is handed out', async () => {
    const first = await token.get();
    clock.ms = 719_999;
    expect(await token.get()).toBe(first);
    auth.fail('token', 'hang');
    clock.ms = 720_000;
    const handedOut = await Promise.all(Array.from({ length: 50 }, () => token.get()));
    expect(new Set(handedOut)).toEqual(new Set([first]));
    auth.repair();
    await expect.poll(() => token.get()).not.toBe(first);
    expect(asked()).toBe(2);
  });

  it('hands out nothing in the last ten seconds of its life, or the last tenth', async () => {
    const first = await token.get();
    clock.ms = 889_999;
    auth.fail('token', 'refuse');
    expect(await token.get()).toBe(first);
    clock.ms = 890_000;
    await expect(token.get()).rejects.toThrow(failure('unavailable'));

    const short = make();
    const body = '{"access_token":"abc","token_type":"bearer","expires_in":20}';
    auth.fail('token', answering(body));
    expect(await short.get()).toBe('abc');
    auth.fail('token', 'refuse');
    clock.ms += 17_999;
    expect(await short.get()).toBe('abc');
    clock.ms += 1;
    await expect(short.get()).rejects.toThrow(failure('unavailable'));
  });

  it('counts the life of a token from when it was asked for', async () => {
    auth.fail('token', (_, response) => {
      clock.ms += 100_000;
      response.end('{"access_token":"abc","token_type":"Bearer","expires_in":110}');
    });
    await token.get();
    auth.repair();
    expect(await token.get()).not.toBe('abc');
  });

  it('fetches a new token once after the present one was dropped', async () => {
    const first = await token.get();
    token.forget(first);
    const second = await token.get();
    expect(second).not.toBe(first);
    token.forget(first);
    token.forget('another');
    expect(await token.get()).toBe(second);
    expect(asked()).toBe(2);
  });

  it('leaves the issuer alone for a while after a failure, longer each time', async () => {
    auth.fail('token', 'refuse');
    const pauses: number[] = [];
    for (let n = 1; n <= 8; n++) {
      await expect(token.get()).rejects.toThrow(failure('unavailable'));
      const from = clock.ms;
      while (asked() === n) {
        await expect(token.get()).rejects.toThrow(failure('unavailable'));
        if (asked() === n) clock.ms += 250;
      }
      pauses.push(clock.ms - from);
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    auth.repair();
    clock.ms += 10_000;
    expect(await token.get()).toBeDefined();
  });

  it.each([
    ['3', 3_000],
    ['999999', 60_000],
    ['0', 250],
  ])('heeds a Retry-After of %s, within bounds', async (retryAfter, pauseMs) => {
    auth.fail('token', answering('{}', 429, { 'retry-after': retryAfter }));
    await expect(token.get()).rejects.toThrow(failure('unavailable'));
    auth.repair();
    clock.ms = pauseMs - 1;
    await expect(token.get()).rejects.toThrow(failure('unavailable'));
    clock.ms = pauseMs;
    expect(await token.get()).toBeDefined();
  });

  it.each<[string, string, RequestListener | 'cut']>([
    ['unavailable', 'cuts the connection', 'cut'],
    ['unavailable', 'answers 500', answering('{"error":"server_error"}', 500)],
    ['unavailable', 'redirects', answering('', 307, { location: '/oauth/token' })],
    ['unavailable', 'answers with a page', answering('<html>')],
    ['unavailable', 'answers without a token', answering('{"token_type":"Bearer","expires_in":9}')],
    [
      'unavailable',
      'gives a token that no header can hold',
      answering('{"access_token":"a\\r\\nb","token_type":"Bearer","expires_in":9}'),
    ],
    [
      'unavailable',
      'gives a token of another type',
      answering('{"access_token":"a","token_type":"DPoP","expires_in":9}'),
    ],
    [
      'unavailable',
      'does not say for how long',
      answering('{"access_token":"a","token_type":"Bearer"}'),
    ],
    ['refused', 'knows no such scope', answering('{"error":"invalid_scope"}', 400)],
    ['refused', 'answers 403 with a page', answering('<html>', 403)],
  ])('says %s when the issuer %s', async (code, _name, fault) => {
    auth.fail('token', fault);
    await expect(token.get()).rejects.toThrow(failure(code));
  });

  it('says why it is refused, and never its secret', async () => {
    const wrong = make({ clientSecret: 'hush-hush' });
    const refusal: unknown = await wrong.get().catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/invalid_client/) as string,
    });
    auth.fail('token', answering('{"error":"hush hush","error_description":"hush+%ü"}', 400));
    const echoed: unknown = await token.get().catch((error: unknown) => error);
    expect(inspect([refusal, echoed, token, wrong], { depth: 12 })).not.toMatch(/hush|Basic/);
  });

  it('says unavailable without metadata, or a token endpoint in them', async () => {
    const { issuer } = auth;
    auth.fail('metadata', answering(JSON.stringify({ issuer, jwks_uri: issuer })));
    await expect(make().get()).rejects.toThrow(/no token_endpoint/);
    auth.fail('metadata', 'cut');
    await expect(make().get()).rejects.toThrow(failure('unavailable'));
    expect(asked()).toBe(0);
  });

  it('refuses an issuer over plain http elsewhere, and to begin without a secret', () => {
    expect(() => make({ issuer: 'http://auth.internal' })).toThrow(/plain http/);
    expect(make({ issuer: 'http://auth.internal', allowHttpIssuer: true })).toBeDefined();
    expect(() => make({ clientSecret: '' })).toThrow(TypeError);
  });

  it('is injected like any other provider', async () => {
    const module = await Test.createTestingModule({
      providers: [{ provide: ClientCredentialsToken, useFactory: () => make() }],
    }).compile();
    expect(await module.get(ClientCredentialsToken).get()).toBeDefined();
    await module.close();
  });
});
