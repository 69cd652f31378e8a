import { call, outcome, freePort, startApp, type RunningApp } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { growth, scrape, type Exposition } from './exposition.js';
import { decode, newSession, refresh, tryLogin } from './users.js';
import { Stack } from './stack.js';

let stack: Stack;
let orders: RunningApp;
/** Where each app serves its metrics. */
let metricsUrls: Record<'auth' | 'orders', string>;

beforeAll(async () => {
  const authPort = await freePort();
  stack = await Stack.start({ env: { AUTH_METRICS_PORT: String(authPort) } });
  // Right before its use: another suite may take it.
  const ordersPort = await freePort();
  metricsUrls = { auth: `http://127.0.0.1:${authPort}`, orders: `http://127.0.0.1:${ordersPort}` };
  orders = await startApp('orders', {
    env: {
      ORDERS_DATABASE_URL: await freshDatabase(),
      ISSUER: stack.auth(),
      ORDERS_METRICS_PORT: String(ordersPort),
    },
  });
});
afterAll(async () => {
  await orders?.stop();
  await stack?.stop();
});

const scrapeBoth = async (): Promise<Record<'auth' | 'orders', Exposition>> => ({
  auth: await scrape(metricsUrls.auth),
  orders: await scrape(metricsUrls.orders),
});
const atOrders = async (token?: string, path = '/orders') =>
  outcome(await call(orders.url + path, { token }));
const logout = (token: string) => call(`${stack.auth()}/auth/logout`, { method: 'POST', token });

describe('the metrics', () => {
  it('count the outcomes of logins, refreshes and tokens', async () => {
    const before = await scrapeBoth();
    const first = await newSession(stack.auth());
    expect((await tryLogin(stack.auth(), first.email, 'not the password')).status).toBe(401);
    const { access_token: token } = (await refresh(stack.auth(), first.refresh_token)).body;
    expect((await refresh(stack.auth(), 'no such token')).status).toBe(401);
    for (const good of [token, token, first.access_token]) expect(await atOrders(good)).toBe('ok');
    const [header, payload] = token.split('.');
    expect(await atOrders(`${header}.${payload}.AAAA`)).toBe('token_invalid');
    expect(await atOrders()).toBe('token_missing');
    await logout(token);
    await expect
      .poll(async () => (await scrape(metricsUrls.orders)).value('revocation_list_entries'))
      .toBe(1);
    expect(await atOrders(token)).toBe('token_revoked');

    const after = await scrapeBoth();
    expect(
      growth(before.auth, after.auth, [
        'auth_logins_total{outcome="succeeded"}',
        'auth_logins_total{outcome="invalid_credentials"}',
        'auth_logins_total{outcome="too_many_attempts"}',
        'auth_logins_total{outcome="failed"}',
        'auth_refreshes_total{outcome="succeeded"}',
        'auth_refreshes_total{outcome="refresh_token_invalid"}',
        'auth_refreshes_total{outcome="refresh_token_reused"}',
        'http_request_duration_seconds_count{method="POST",route="/auth/login",status="200"}',
        'http_request_duration_seconds_count{method="POST",route="/auth/login",status="401"}',
        'jwt_verifications_total{result="accepted"}',
      ]),
    ).toEqual({
      'auth_logins_total{outcome="succeeded"}': 1,
      'auth_logins_total{outcome="invalid_credentials"}': 1,
      'auth_logins_total{outcome="too_many_attempts"}': 0,
      'auth_logins_total{outcome="failed"}': 0,
      'auth_refreshes_total{outcome="succeeded"}': 1,
      'auth_refreshes_total{outcome="refresh_token_invalid"}': 1,
      'auth_refreshes_total{outcome="refresh_token_reused"}': 0,
      'http_request_duration_seconds_count{method="POST",route="/auth/login",status="200"}': 1,
      'http_request_duration_seconds_count{method="POST",route="/auth/login",status="401"}': 1,
      'jwt_verifications_total{result="accepted"}': 1,
    });
    expect(
      growth(before.orders, after.orders, [
        'jwt_verifications_total{result="accepted"}',
        'jwt_verifications_total{result="token_invalid"}',
        'jwt_verifications_total{result="token_missing"}',
        'jwt_verifications_total{result="token_revoked"}',
        'jwt_verifications_total{result="revocations_stale"}',
        'jwt_remembered_token_uses_total',
        'http_request_duration_seconds_count{method="GET",route="/orders",status="200"}',
        'http_request_duration_seconds_count{method="GET",route="/orders",status="401"}',
        'revocation_reach_seconds_count',
      ]),
    ).toEqual({
      'jwt_verifications_total{result="accepted"}': 3,
      'jwt_verifications_total{result="token_invalid"}': 1,
      'jwt_verifications_total{result="token_missing"}': 1,
      'jwt_verifications_total{result="token_revoked"}': 1,
      'jwt_verifications_total{result="revocations_stale"}': 0,
      // The good token once, and the revoked one, whose signature was known as well.
      jwt_remembered_token_uses_total: 2,
      'http_request_duration_seconds_count{method="GET",route="/orders",status="200"}': 3,
      'http_request_duration_seconds_count{method="GET",route="/orders",status="401"}': 3,
      revocation_reach_seconds_count: 1,
    });
    const reached = after.orders.value('revocation_reach_seconds_sum');
    expect(reached).toBeGreaterThanOrEqual(0);
    expect(reached).toBeLessThan(10);
  });

  it('report the state of what an app depends on', async () => {
    const { auth, orders: service } = await scrapeBoth();
    for (const app of [auth, service]) {
      expect(app.value('revocation_list_state{state="fresh"}')).toBe(1);
      expect(app.value('revocation_list_state{state="blind"}')).toBe(0);
      expect(app.value('revocation_list_proof_age_seconds')).toBeLessThan(30);
      expect(app.value('revocation_list_max_staleness_seconds')).toBe(30);
      expect(app.value('database_pool_max_connections')).toBeGreaterThan(0);
      expect(app.value('database_pool_waiting')).toBe(0);
      expect(app.value('process_resident_memory_bytes')).toBeGreaterThan(0);
      expect(app.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    }
    expect(service.value('jwt_key_set_state{state="fresh"}')).toBe(1);
    expect(service.value('jwt_key_set_keys')).toBe(2);
    expect(service.value('jwt_key_set_age_seconds')).toBeLessThan(3600);
    expect(auth.value('auth_published_keys')).toBe(2);
    expect(auth.value('auth_can_sign')).toBe(1);
    expect(auth.value('auth_password_hashes_waiting')).toBe(0);
    expect(auth.value('revocation_feed_max_waiting_reads')).toBe(2000);
    expect(auth.value('revocation_feed_read_age_seconds')).toBeLessThan(10);
    // The list of auth itself, and that of orders.
    await expect
      .poll(async () => (await scrape(metricsUrls.auth)).value('revocation_feed_waiting_reads'))
      .toBe(2);
  });

  it('name routes by their pattern, and no user or resource', async () => {
    const { email, access_token: token } = await newSession(stack.auth());
    const { sub, sid, jti } = decode(token).payload as Record<string, string>;
    const secret = `made-up-${jti}`;
    await atOrders(token, `/orders/${jti}`);
    for (const path of [`/${secret}`, `/orders/x/${secret}`, `/orders?q=${secret}`]) {
      await atOrders(token, path);
      await call(stack.auth() + path, { token });
    }
    await call(`${stack.auth()}/${secret}`, { method: 'PROPFIND' }).catch(() => undefined);
    await call(`${stack.auth()}/auth/sessions/${sid}`, { method: 'DELETE', token });

    for (const { text } of Object.values(await scrapeBoth())) {
      for (const hidden of [email, sub, sid, jti, secret, 'PROPFIND', 'x-request-id']) {
        expect(text).not.toContain(hidden);
      }
    }
    const { auth, orders: service } = await scrapeBoth();
    const of = (method: string, route: string, status: number) =>
      `http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;
    expect(service.value(of('GET', '/orders/:id', 404))).toBe(1);
    expect(auth.value(of('DELETE', '/auth/sessions/:id', 204))).toBe(1);
    expect(auth.value(of('GET', 'unmatched', 404))).toBeGreaterThan(0);
  });

  it('have names in the style of Prometheus', async () => {
    for (const { types, text } of Object.values(await scrapeBoth())) {
      const own = [...types].filter(([name]) => !/^(process|nodejs)_/.test(name));
      expect(own.length).toBeGreaterThan(10);
      for (const [name, type] of own) {
        expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
        expect(name.endsWith('_total')).toBe(type === 'counter');
        expect(name).not.toMatch(/_(ms|milliseconds|count|sum|bucket)$/);
        expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
      }
    }
  });
});

describe('the port of the metrics', () => {
  it('is not the public port', async () => {
    for (const url of [stack.auth(), orders.url]) {
      const { status, body } = await call(`${url}/metrics`);
      expect([status, body['code']]).toEqual([404, 'not_found']);
    }
  });

  it.each([
    ['/', 'GET', 404],
    ['/metrics/', 'GET', 404],
    ['/health/live', 'GET', 404],
    ['/revocations', 'GET', 404],
    ['/metrics', 'POST', 405],
    ['/metrics?name[]=up', 'GET', 200],
    ['/metrics', 'HEAD', 200],
  ])('answers %s by %s with %i', async (path, method, status) => {
    const response = await fetch(metricsUrls.orders + path, { method });
    await response.body?.cancel();
    expect(response.status).toBe(status);
    if (status === 200) {
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    }
  });

  it('must be free, or the app does not start and says which port is taken', async () => {
    const { port: taken } = new URL(metricsUrls.auth);
    const env = { ...stack.env, AUTH_METRICS_PORT: taken };
    const starting = startApp('auth', { env, port: await freePort() });
    await expect(starting).rejects.toThrow(`127.0.0.1:${taken} is taken`);
  });
});
