import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withClient } from './reach-database.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('gives up a server that takes 5 s to connect', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connected = once(server, 'connection');
  const working = withClient(`postgres://user@127.0.0.1:${port}/one`, async () => 'connected');
  const isGivenUp = expect(working).rejects.toThrow(/timeout/);
  await connected;
  vi.advanceTimersByTime(5_000);
  await isGivenUp;
  server.close();
});

it('gives up a server that is silent for 30 s', async () => {
  let isAsking: () => void;
  const asking = new Promise<void>((resolve) => (isAsking = resolve));
  const working = withClient(await freshDatabase(), (client) => {
    const answer = client.query('SELECT pg_sleep(60)');
    isAsking();
    return answer;
  });
  const isGivenUp = expect(working).rejects.toThrow(/timeout/);
  await asking;
  vi.advanceTimersByTime(30_000);
  await isGivenUp;
});
