import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

import { ROOT } from '@jwt-auth/dev-stack';
import type { Session } from '@jwt-auth/browser';

declare global {
  /** What a page of ours has. */
  var session: Session;
  /** The users that were logged in, one after another. */
  var changes: (string | null)[];
}

const page = (issuer: string) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>A page</title><link rel="icon" href="data:," /></head>
  <body>
    <script type="module">
      import { createSession } from '/session.js';
      globalThis.changes = [];
      globalThis.session = createSession({ issuer: '${issuer}' });
      session.onChange((principal) => changes.push(principal?.subject ?? null));
    </script>
  </body>
</html>`;

/**
 * Serves a page that uses the built `@jwt-auth/browser`. Without an issuer, an empty one.
 *
 * @returns its port, which no other page has: so its origin is its own
 */
export async function servePages(issuer: () => string | undefined): Promise<number> {
  const library = readFileSync(path.join(ROOT, 'libs/browser/dist/index.js'));
  const server = createServer((request, response) => {
    const isScript = request.url === '/session.js';
    const from = issuer();
    const html = from === undefined ? '<!doctype html><title>Empty</title>' : page(from);
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? library : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
