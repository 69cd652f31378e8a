import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKey, type SigningKey } from '../test-issuer/access-token.js';
import { TestIssuer } from '../test-issuer/test-issuer.js';
import { ALL_ATTACKS, checkResourceServer, type CheckOptions } from './check-resource-server.js';
import * as faults from './faulty-service.fixture.js';
import { startService, type Fault } from './faulty-service.fixture.js';
import type { AttackResult } from './report.js';

const named = ({ group, name }: AttackResult) => `${group}: ${name}`;
const groups = ['header', 'claims', 'form', 'signature', 'transport', 'revocation'];
const only = (...kept: string[]) => groups.filter((group) => !kept.includes(group));

describe('checkResourceServer', () => {
  let key: SigningKey;
  beforeAll(async () => {
    key = await generateSigningKey();
  });

  /** Checks a service with these faults and an issuer of its own. */
  async function check(
    of: readonly Fault[] | ((issuer: TestIssuer) => readonly Fault[]),
    options: Partial<CheckOptions> = {},
  ) {
    const issuer = await TestIssuer.start({ keys: [key] });
    const service = await startService(issuer, typeof of === 'function' ? of(issuer) : of);
    try {
      return await checkResourceServer({ url: service.url, issuer, ...options });
    } finally {
      await service.close();
      await issuer.close();
    }
  }

  // Each with the attacks that find it; all others must be refused.
  const { noTyp, noAudience, expInMilliseconds, jkuFollowed, unpinnedAlgorithm } = faults;
  const { kidIsPath, cacheOfParts, firstSightOnly, noRevocation } = faults;
  // Most wait for seconds, so they do it at the same time.
  it.concurrent('finds what is wrong with a service, and nothing else', async () => {
    const ofTokens = [noTyp, expInMilliseconds, kidIsPath, noAudience, unpinnedAlgorithm];
    const of = [...ofTokens, cacheOfParts, jkuFollowed, firstSightOnly];
    const limits = { staleAfterMs: 300, revokedWithinMs: 1_500 };
    const { setUp, results, findings } = await check(of, limits);
    expect(setUp).toBeUndefined();
    expect(results.length).toBeGreaterThan(300);
    const found = new Set(of.flatMap((fault) => fault.found));
    expect(findings.map(named).sort()).toEqual([...found].sort());
    expect(findings.filter(({ outcome }) => outcome !== 'let in')).toEqual([]);
  });

  it.concurrent('finds a service that asks the address in a token, and then refuses', async () => {
    const { findings } = await check([faults.jkuAsked], { skip: only('header') });
    expect(findings).toMatchObject([{ name: 'jku (own)', outcome: 'asked', status: 401 }]);
  });

  it.concurrent('finds a service that goes on while its revocations are too old', async () => {
    const fault = faults.neverStale;
    const limits = { staleAfterMs: 300, revokedWithinMs: 1_500 };
    const { findings } = await check([fault], { skip: only('revocation'), ...limits });
    expect(findings.map(named)).toEqual(fault.found);
    expect(findings[0]).toMatchObject({ outcome: 'let in', status: 204, rule: 'stale' });
  });

  it.concurrent('finds a service that knows of no revocation', async () => {
    const { findings } = await check([noRevocation], {
      skip: only('revocation'),
      revokedWithinMs: 3_000,
    });
    expect(findings.map(named).sort()).toEqual([...noRevocation.found].sort());
    expect(findings.filter(({ outcome }) => outcome !== 'let in')).toEqual([]);
  });

  it.concurrent('answers 503 while the feed is down, and comes back', async () => {
    const { results, findings } = await check(
      [{ name: '', found: [], options: { maxStalenessSeconds: 1 } }],
      { staleAfterMs: 1_000, skip: only('revocation') },
    );
    expect(findings).toEqual([]);
    const statuses = results.map((one) => [one.name, one.status]);
    expect(statuses).toContainEqual(['while the feed is down', 503]);
    expect(statuses).toContainEqual(['when the feed is back', 204]);
    expect(statuses).toContainEqual(['jti, while the feed was down', 401]);
  });

  it.concurrent('finds a service that shuts out tokens of a new key', async () => {
    let found: readonly string[] = [];
    const withStaticKeys = (issuer: TestIssuer) => {
      const fault = faults.staticKeys(issuer);
      ({ found } = fault);
      return [fault];
    };
    const limits = { skip: only('revocation'), revokedWithinMs: 1_500 };
    const { findings } = await check(withStaticKeys, limits);
    expect(findings.map(named)).toEqual(found);
    expect(findings[0]).toMatchObject({ outcome: 'shut out', rule: 'rotate', level: 'should' });
  });

  it('leaves out what is skipped by its group, rule or name', async () => {
    const skip = [...only('form'), 'bits', 'two dots'];
    const { results } = await check([], { skip });
    const kept = ALL_ATTACKS.filter(
      ({ group, rule, name }) => group === 'form' && rule !== 'bits' && name !== 'two dots',
    );
    expect(results.map(named)).toEqual(kept.map((one) => `form: ${one.name}`));
  });
});

describe('checkResourceServer with a wrong set-up', () => {
  let issuer: TestIssuer;
  let service: Awaited<ReturnType<typeof startService>>;
  beforeAll(async () => {
    issuer = await TestIssuer.start();
    service = await startService(issuer);
  });
  afterAll(async () => {
    await service.close();
    await issuer.close();
  });

  it('says that a good token is refused', async () => {
    const claims = { aud: 'other' };
    const report = await checkResourceServer({
      url: service.url,
      issuer,
      claims,
      readyWithinMs: 0,
    });
    expect(report).toMatchObject({ setUp: 'a good token is answered with 401', results: [] });
  });

  it('says that there is no service', async () => {
    const url = 'http://127.0.0.1:1/';
    const report = await checkResourceServer({ url, issuer, readyWithinMs: 0 });
    expect(report).toMatchObject({ setUp: 'a good token is answered with 0', results: [] });
  });

  it('says that the endpoint is open', async () => {
    const url = `${issuer.issuer}/.well-known/jwks.json`;
    const report = await checkResourceServer({ url, issuer });
    expect(report).toMatchObject({
      setUp: 'a request without a token is answered with 200',
      results: [],
    });
  });
});

describe('checkResourceServer of an endpoint that streams', () => {
  it('takes the status of its answer, and comes to an end', async () => {
    const issuer = await TestIssuer.start();
    let open = 0;
    const server = createServer((request, response) => {
      if (!request.headers.authorization) return void response.writeHead(401).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const beats = setInterval(() => response.write(': beat\n\n'), 10);
      open += 1;
      response.once('close', () => {
        clearInterval(beats);
        open -= 1;
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { setUp } = await checkResourceServer({ url, issuer, skip: groups });
    expect(setUp).toBeUndefined();
    await expect.poll(() => open).toBe(0);
    await once(server.close(), 'close');
    await issuer.close();
  });
});

describe('the attacks', () => {
  it('are many, and have names of their own', () => {
    const names = ALL_ATTACKS.map(({ group, name }) => `${group}: ${name}`);
    expect(names.length).toBeGreaterThanOrEqual(300);
    expect(new Set(names).size).toBe(names.length);
  });
});
