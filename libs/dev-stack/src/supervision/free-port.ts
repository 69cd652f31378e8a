import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { errorCode } from '../errors.js';

/** Why no server can listen there now, as the code of a system error (`EADDRINUSE`), if so. */
export function listenError(port: number, host = '127.0.0.1'): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error)));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/**
 * A port of 127.0.0.1 that nobody listens on. Below the range from which systems take the ports of
 * outgoing connections, so that it stays free while the server on it restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if ((await listenError(port)) === undefined) return port;
  }
}
