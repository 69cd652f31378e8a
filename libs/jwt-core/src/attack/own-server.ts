import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { publicJwk, type SigningKey } from '../test-issuer/access-token.js';

/**
 * The attacker's server: metadata of an issuer and a JWKS in one, at any path. A service must never
 * send a request to it.
 */
export class OwnServer {
  requests = 0;
  url = '';
  private readonly server = createServer((_, response) => {
    this.requests += 1;
    const { url: issuer } = this;
    const keys = [publicJwk(this.key)];
    response.end(JSON.stringify({ issuer, jwks_uri: issuer, keys }));
  });

  private constructor(private readonly key: SigningKey) {}

  static async start(key: SigningKey): Promise<OwnServer> {
    const own = new OwnServer(key);
    await once(own.server.listen(0, '127.0.0.1'), 'listening');
    own.url = `http://127.0.0.1:${(own.server.address() as AddressInfo).port}`;
    return own;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await this.server[Symbol.asyncDispose]();
  }
}
