import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IssuerMetadata } from '../issuer/issuer-metadata.js';
import { type FeedHandler, type FeedServer, startFeedServer } from './feed-server.fixture.js';
import { HttpRevocationSource, isFollowerName } from './http-revocation-source.js';
import { revocationSourceContract } from './revocation-source-contract.fixture.js';

const sourceOf = ({ issuer }: FeedServer) => {
  const metadata = new IssuerMetadata({ issuer });
  return { metadata, source: new HttpRevocationSource(metadata) };
};

revocationSourceContract('HttpRevocationSource', async () => {
  const [server, other] = [await startFeedServer(), await startFeedServer()];
  const { metadata, source } = sourceOf(server);
  return {
    source,
    revoke: async (revocations) => server.revoke(revocations),
    foreignCursor: async () => other.cursor(),
    close: async () => {
      metadata.close();
      await Promise.all([server.close(), other.close()]);
    },
  };
});

describe('HttpRevocationSource', () => {
  let server: FeedServer;
  let source: HttpRevocationSource;
  let metadata: IssuerMetadata;

  beforeEach(async () => {
    server = await startFeedServer();
    ({ metadata, source } = sourceOf(server));
  });
  afterEach(async () => {
    metadata.close();
    await server.close();
  });

  const body =
    (text: string, status = 200): FeedHandler =>
    (_, response) =>
      response.writeHead(status).end(text);
  const batch = (members: object) =>
    body(JSON.stringify({ cursor: 'c', reset: false, more: false, entries: [], ...members }));

  it('reads the feed that the metadata name, with cursor and wait', async () => {
    await source.read(undefined, { waitSeconds: 3 });
    await source.read('a+b/c d&e=%', { waitSeconds: 0 });
    await source.read(server.cursor(), { waitSeconds: 0 });
    const asked = server.requests.map((url) => new URL(url, server.issuer).searchParams);
    expect(asked.map((query) => query.get('details'))).toEqual(['true', 'true', 'true']);
    expect(asked.map((query) => [query.get('after'), query.get('wait')])).toEqual([
      [null, '3'],
      ['a+b/c d&e=%', '0'],
      [server.cursor(), '0'],
    ]);
  });

  it('names itself in each request, if it has a name', async () => {
    const follower = { service: 'orders', instance: 'a', version: undefined };
    const named = new HttpRevocationSource(metadata, follower);
    await named.read(undefined, { waitSeconds: 0 });
    await named.read(server.cursor(), { waitSeconds: 0 });
    await source.read(undefined, { waitSeconds: 0 });
    const asked = server.requests.map((url) => new URL(url, server.issuer).searchParams);
    const names = asked.map((query) => ['service', 'instance', 'version'].map((n) => query.get(n)));
    expect(names).toEqual([
      ['orders', 'a', null],
      ['orders', 'a', null],
      [null, null, null],
    ]);
  });

  it('says that it leaves, with its last cursor, if it has a name', async () => {
    const named = new HttpRevocationSource(metadata, { service: 'orders', instance: 'a' });
    await named.leave();
    await named.read(server.cursor(), { waitSeconds: 0 });
    await named.leave();
    await named.leave();
    await source.read(server.cursor(), { waitSeconds: 0 });
    await source.leave();
    const asked = server.requests.map((url) => new URL(url, server.issuer).searchParams);
    expect(asked.map((query) => query.get('leaving'))).toEqual([null, 'true', null]);
    expect(asked[1]!.get('after')).toBe(server.cursor());
  });

  it('leaves within a second, whatever the issuer does', async () => {
    const named = new HttpRevocationSource(metadata, { service: 'orders', instance: 'a' });
    await named.read(server.cursor(), { waitSeconds: 0 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const asked = new Promise<void>((resolve) => server.answer(() => resolve()));
      const leaving = named.leave();
      await asked;
      await vi.advanceTimersByTimeAsync(1_000);
      await leaving;
    } finally {
      vi.useRealTimers();
    }
  });

  it('never requests a longer wait than the feed allows', async () => {
    await source.read(undefined, { waitSeconds: 300 });
    expect(server.requests[0]).toContain('wait=25');
  });

  it('reads the whole list in place of a cursor that does not fit into an address', async () => {
    for (const length of [14_000, 14_400]) {
      await source.read('x'.repeat(length), { waitSeconds: 0 });
    }
    const cursors = server.requests.map((url) => new URL(url, server.issuer).searchParams);
    expect(cursors.map((query) => query.get('after')?.length)).toEqual([14_000, undefined]);
  });

  it('keeps a query that the address of the feed has itself', async () => {
    const { issuer } = server;
    const document = {
      issuer,
      jwks_uri: issuer,
      revocation_feed: `${issuer}/revocations?tenant=7`,
    };
    server.answer(body(JSON.stringify(document)), '/.well-known/oauth-authorization-server');
    await source.read(undefined, { waitSeconds: 0 });
    expect(server.requests[0]).toContain('tenant=7');
  });

  it('passes on the fingerprint of the keys', async () => {
    server.answer(batch({ jwks: 'abc' }));
    expect(await source.read('c', { waitSeconds: 0 })).toMatchObject({ jwks: 'abc' });
  });

  it.each<[string, string, FeedHandler]>([
    ['an error status', 'unavailable', body('{}', 503)],
    ['a redirect', 'unavailable', (_, r) => r.writeHead(302, { location: '/jwks' }).end()],
    ['a connection that is cut', 'unavailable', (_, r) => r.destroy()],
    ['no content', 'bad_answer', body('', 204)],
    ['HTML', 'bad_answer', body('<html></html>')],
    ['more than 4 MiB', 'bad_answer', body(`"${'x'.repeat(4 * 1024 * 1024)}"`)],
    ['a malformed entry', 'bad_answer', batch({ entries: [{ kind: 'jti', id: 1, exp: 1 }] })],
  ])('rejects as a typed error: %s is %s', async (_, code, handler) => {
    server.answer(handler);
    await expect(source.read('c', { waitSeconds: 0 })).rejects.toMatchObject({
      name: 'RevocationSourceError',
      code,
    });
  });

  it('reads a full page of long ids', async () => {
    const id = 'x'.repeat(255);
    server.answer(batch({ entries: Array(10_000).fill({ kind: 'jti', id, exp: 1 }) }));
    expect((await source.read('c', { waitSeconds: 0 })).entries).toHaveLength(10_000);
  });

  it('reports metadata without a feed', async () => {
    const document = { issuer: server.issuer, jwks_uri: server.issuer };
    server.answer(body(JSON.stringify(document)), '/.well-known/oauth-authorization-server');
    await expect(source.read('c', { waitSeconds: 0 })).rejects.toMatchObject({ code: 'no_feed' });
  });

  it('reports metadata of another issuer, with the cause', async () => {
    server.answer(body('{"issuer":"x"}'), '/.well-known/oauth-authorization-server');
    await expect(source.read('c', { waitSeconds: 0 })).rejects.toMatchObject({
      code: 'bad_answer',
      cause: { code: 'bad_metadata' },
    });
  });

  it('reports that there is no server', async () => {
    await server.close();
    await expect(source.read('c', { waitSeconds: 0 })).rejects.toMatchObject({
      code: 'unavailable',
    });
    server = await startFeedServer();
  });

  it('ends an answer that never does when the caller gives up', async () => {
    const caller = new AbortController();
    server.answer((_, response) => {
      response.write('{');
      caller.abort();
    });
    const reading = source.read('c', { waitSeconds: 20, signal: caller.signal });
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  it('ends a wait for the metadata when the caller gives up', async () => {
    const caller = new AbortController();
    server.answer(() => caller.abort(), '/.well-known/oauth-authorization-server');
    const reading = source.read('c', { waitSeconds: 20, signal: caller.signal });
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives an answer five seconds beyond the wait', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const asked = new Promise<void>((resolve) => server.answer(() => resolve()));
      const outcome = source.read('c', { waitSeconds: 20 }).catch((error: unknown) => error);
      await asked;
      vi.advanceTimersByTime(24_999);
      expect(await Promise.race([outcome, setImmediate('open')])).toBe('open');
      vi.advanceTimersByTime(1);
      expect(await outcome).toMatchObject({ code: 'timed_out' });
    } finally {
      vi.useRealTimers();
    }
  });
});

it.each(['a', 'orders', '1.4.2+build.7', 'ns/orders:3001', 'X'.repeat(64)])(
  '%j can be the name of a follower',
  (name) => {
    expect(isFollowerName(name)).toBe(true);
  },
);

it.each([
  '',
  ' orders',
  'or ders',
  'orders\n',
  '-x',
  'x'.repeat(65),
  'örders',
  '\ud800',
  'a\0',
  undefined,
  null,
  7,
  ['orders'],
])('%j cannot', (name) => {
  expect(isFollowerName(name)).toBe(false);
});
