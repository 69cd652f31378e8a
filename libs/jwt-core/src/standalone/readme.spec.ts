import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import express, { type Express } from 'express';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, bearer } from '../nest/nest-app.fixture.js';
import { checkResourceServer } from '../attack/check-resource-server.js';
import { formatReport } from '../attack/report.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import type { Principal } from '../verifier/claims.js';
import * as entry from './index.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The sample below a heading. */
function sample(framework: string): string {
  const code = new RegExp(`^## ${framework}\n+\`\`\`js\n(.*?)\`\`\``, 'ms').exec(readme)?.[1];
  if (code === undefined) throw new Error(`The README has no sample for ${framework}`);
  return code;
}

const open: { close(): unknown }[] = [];

/** What the sample calls `app`, with a verifier for `auth` instead of the one of the sample. */
async function run<App>(code: string, { issuer, audience }: TestIssuer): Promise<App> {
  const createVerifier = () => {
    const verifier = entry.createVerifier({ issuer, audience });
    open.push(verifier);
    return verifier;
  };
  const names = { ...entry, createVerifier, express, fastify, Hono };
  const body = `${code.replaceAll(/^import .*\n/gm, '')}\nreturn app;`;
  // oxlint-disable-next-line typescript/no-implied-eval -- it is the code of our own README
  const start = new Function(...Object.keys(names), body) as (...values: unknown[]) => App;
  const app = start(...Object.values(names));
  await (open.at(-1) as entry.Verifier).ready();
  return app;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('the samples of the README', () => {
  let auth: TestIssuer;
  beforeAll(async () => {
    auth = await TestIssuer.start();
  });
  afterAll(async () => {
    for (const one of open.splice(0)) await one.close();
    await auth.close();
  });

  const frameworks = {
    Express: async (code: string) => serve(await run<Express>(code, auth)),
    Fastify: async (code: string) => {
      const app = await run<FastifyInstance>(code, auth);
      app.get('/me', ({ caller }: FastifyRequest & { caller?: Principal }) => ({
        subject: caller?.subject,
      }));
      open.push(app);
      return app.listen({ port: 0, host: '127.0.0.1' });
    },
    Hono: async (code: string) => {
      const app = await run<Hono<{ Variables: { caller: Principal } }>>(code, auth);
      app.get('/me', (context) => context.json({ subject: context.get('caller').subject }));
      return serve((request, response) => {
        const headers = new Headers();
        for (let at = 0; at < request.rawHeaders.length; at += 2) {
          headers.append(request.rawHeaders[at]!, request.rawHeaders[at + 1]!);
        }
        void (async () => {
          const answer = await app.request(request.url!, { headers });
          response.writeHead(answer.status, Object.fromEntries(answer.headers));
          response.end(await answer.text());
        })();
      });
    },
  };

  it.each(Object.keys(frameworks))('for %s has at most ten lines', (framework) => {
    expect(sample(framework).trim().split('\n').length).toBeLessThanOrEqual(10);
  });

  it.each(Object.entries(frameworks))(
    'for %s lets a caller in until the token is revoked',
    async (framework, start) => {
      const url = `${await start(sample(framework))}/me`;
      const token = auth.mint({ sub: 'ada', jti: framework });
      expect(await ask(url, { headers: bearer(token) })).toMatchObject({
        status: 200,
        body: { subject: 'ada' },
      });
      expect(await ask(url)).toMatchObject({
        status: 401,
        headers: {
          'www-authenticate': 'Bearer',
          'content-type': expect.stringMatching(/^application\/problem\+json/) as string,
        },
        body: { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'token_missing' },
      });
      const twice = [...bearer(token), ...bearer(token)];
      expect((await ask(url, { headers: twice })).body['code']).toBe('token_missing');
      await auth.revoke({ kind: 'jti', id: framework });
      await expect
        .poll(async () => (await ask(url, { headers: bearer(token) })).body)
        .toMatchObject({ status: 401, code: 'token_revoked' });
    },
  );

  it('for Express withstands every attack', async () => {
    const url = `${await frameworks.Express(sample('Express'))}/me`;
    const report = await checkResourceServer({ url, issuer: auth });
    expect(report.setUp).toBeUndefined();
    expect(report.results.length).toBeGreaterThan(300);
    expect(report.findings, formatReport(report)).toEqual([]);
  });
});
