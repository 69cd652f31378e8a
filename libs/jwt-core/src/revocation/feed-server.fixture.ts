import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Revocation } from './revocation.js';

export type FeedHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of metadata and of a revocation feed, whose list is an array in memory. */
export interface FeedServer {
  readonly issuer: string;
  /** What was asked of the feed, query included, oldest first. */
  readonly requests: string[];
  revoke(revocations: readonly Revocation[]): void;
  /** The place that the list has come to. */
  cursor(): string;
  /** Answers in another way from now on: the feed, or with a path the document there. */
  answer(handler: FeedHandler, path?: string): void;
  close(): Promise<void>;
}

const pageSize = 10_000;

export async function startFeedServer(): Promise<FeedServer> {
  const entries: Revocation[] = [];
  const requests: string[] = [];
  const waiting = new Set<() => void>();
  const list = randomUUID();
  const cursor = (place = entries.length) => `${list}.${place}`;
  const handlers = new Map<string, FeedHandler>();

  const feed: FeedHandler = (request, response) => {
    const { searchParams } = new URL(request.url!, server.issuer);
    const [of, place = ''] = (searchParams.get('after') ?? '').split('.');
    const isKnown = of === list && /^\d+$/.test(place) && Number(place) <= entries.length;
    const after = isKnown ? Number(place) : 0;
    const answer = () => {
      waiting.delete(answer);
      clearTimeout(timer);
      const page = entries.slice(after, after + pageSize);
      const reached = after + page.length;
      const live = isKnown ? page : page.filter(({ exp }) => exp > Date.now() / 1000);
      const more = reached < entries.length;
      response.end(
        JSON.stringify({ cursor: cursor(reached), reset: !isKnown, more, entries: live }),
      );
    };
    const waitMs =
      isKnown && after === entries.length ? Number(searchParams.get('wait')) * 1000 : 0;
    const timer = setTimeout(answer, waitMs);
    if (waitMs === 0) answer();
    else waiting.add(answer);
    response.on('close', () => (waiting.delete(answer), clearTimeout(timer)));
  };
  const metadata: FeedHandler = (_, response) =>
    response.end(
      JSON.stringify({
        issuer: server.issuer,
        jwks_uri: `${server.issuer}/jwks`,
        revocation_feed: `${server.issuer}/revocations`,
      }),
    );
  handlers.set('/revocations', feed);
  handlers.set('/.well-known/oauth-authorization-server', metadata);

  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://127.0.0.1');
    if (pathname === '/revocations') requests.push(request.url!);
    handlers.get(pathname)!(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: FeedServer = {
    issuer: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    cursor: () => cursor(),
    revoke(revocations) {
      entries.push(...revocations);
      for (const wake of waiting) wake();
    },
    answer: (handler, path = '/revocations') => void handlers.set(path, handler),
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}
