import { authSettings, call, createTcpProxy, freePort, startApp, DEMO } from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startDumbBalancer, type DumbBalancer } from './dumb-balancer.js';
import { Stack, within } from './stack.js';
import { login } from './users.js';

const CLIENTS = 8;
const REQUESTS = 3_000;

describe('processes that restart in turn behind a balancer without health checks', () => {
  let stack: Stack;
  let balancer: DumbBalancer;
  beforeAll(async () => {
    stack = await Stack.start({ processes: 2, env: { SHUTDOWN_DELAY: '600ms' } });
    balancer = await startDumbBalancer([stack.auth(0), stack.auth(1)]);
  });
  afterAll(async () => {
    await balancer?.close();
    await stack?.stop();
  });

  // Once more: the kernel resets a connection that arrives between the last accept and the close of
  // the listener. That is microseconds, and more where a process waits for a core just then.
  it(
    'reset and refuse none of 3,000 requests over kept-alive connections',
    { retry: 1 },
    async () => {
      const { access_token: token } = await login(stack.auth(), DEMO.ada.email, DEMO.password);
      let isRestarting = true;
      const seen = new Map<string, number>();
      let sent = 0;
      const client = async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        while (isRestarting || sent < REQUESTS) {
          // Every other one is a POST, which a balancer may not repeat once it was sent.
          const isPost = (sent += 1) % 2 === 0;
          const what = `${isPost ? 'POST' : 'GET'} ${await (isPost ? refresh : me)(agent)}`;
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }
        agent.destroy();
      };
      const me = (agent: Agent) => ask(agent, 'GET', '/auth/me', token);
      const refresh = (agent: Agent) =>
        ask(agent, 'POST', '/auth/refresh', undefined, '{"refresh_token":"unknown"}');
      const ask = async (
        agent: Agent,
        method: string,
        path: string,
        bearer?: string,
        body?: string,
      ): Promise<string> => {
        const headers = {
          ...(bearer && { authorization: `Bearer ${bearer}` }),
          ...(body && { 'content-type': 'application/json' }),
        };
        try {
          const outgoing = request(balancer.url + path, { method, headers, agent });
          outgoing.end(body);
          const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
          let text = '';
          for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString();
          return answer.statusCode === 502 ? `502 ${text}` : `${answer.statusCode}`;
        } catch (error) {
          return String(error);
        }
      };

      const clients = Array.from({ length: CLIENTS }, client);
      for (const index of [0, 1]) {
        stack.process(index).kill('SIGTERM');
        await expect
          .poll(async () => (await call(`${stack.auth(index)}/health/ready`)).status, within(5))
          .toBe(503);
        expect(await stack.process(index).exited).toMatchObject({ code: 0 });
        await stack.restart(index);
      }
      isRestarting = false;
      await Promise.all(clients);

      expect([...seen.keys()].sort()).toEqual(['GET 200', 'POST 401']);
      expect(sent).toBeGreaterThanOrEqual(REQUESTS);
      // Else no process was away while requests came.
      expect(balancer.retries).toBeGreaterThan(0);
    },
  );
});

describe('a process without its database', () => {
  it('is live, says what it waits for, and serves as soon as it has it', async () => {
    const database = new URL(await freshDatabase());
    const proxy = await createTcpProxy(Number(database.port));
    proxy.cut();
    database.port = String(proxy.port);
    const env = { ...authSettings({ DATABASE_URL: database.href }), SEED_DEMO: 'off' };
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const starting = startApp('auth', { env, port });
    const status = async (path: string) => (await call(url + path).catch(() => undefined))?.status;
    await expect.poll(() => status('/health/live'), within(20)).toBe(200);
    const { status: ready, body } = await call(`${url}/health/ready`);
    expect([ready, body['detail']]).toEqual([
      503,
      expect.stringMatching(
        /^Not ready: database \(cannot be reached\), keys .*, revocation list .*, signing key /,
      ),
    ]);
    expect(await call(`${url}/auth/login`, { body: {} })).toMatchObject({
      status: 503,
      body: { code: 'not_ready' },
    });
    proxy.resume();
    const app = await starting;
    expect(await status('/.well-known/jwks.json')).toBe(200);
    await app.stop();
    await proxy.close();
  });
});
