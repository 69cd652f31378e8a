import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import { startHttpApp, type RunningHttpApp } from './http-app.fixture.js';

let running: RunningHttpApp;
afterEach(() => running.app.close());

interface Document {
  readonly servers: { readonly url: string }[];
  readonly paths: Record<string, Record<string, unknown>>;
}

const documentAt = async (url: string) => (await (await fetch(url)).json()) as Document;

describe('the documentation', () => {
  it.each(['', '/tenants/one'])(
    'is a page below the base path %j, all of whose files are there',
    async (basePath) => {
      running = await startHttpApp({ basePath });
      const address = `${running.base}${basePath}/docs`;
      const page = await (await fetch(address)).text();
      const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
      expect(files).toHaveLength(4);
      for (const file of files) {
        const answer = await fetch(new URL(file, address));
        expect(answer.status).toBe(200);
        expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(50);
      }
      const [server] = (await documentAt(`${address}-json`)).servers;
      expect(new URL(`${server?.url}/notes`.replace('//', '/'), address).pathname).toBe(
        `${basePath}/notes`,
      );
    },
  );

  it('describes bodies by the schemas that validate them', async () => {
    running = await startHttpApp();
    const { paths } = await documentAt(`${running.base}/docs-json`);
    expect(JSON.stringify(paths['/notes']?.post)).toMatch(/"maxLength":20000/);
  });

  it('is not there when it is switched off', async () => {
    running = await startHttpApp({ documentation: undefined });
    for (const path of ['/docs', '/docs-json', '/docs/swagger-ui-bundle.js']) {
      expect((await fetch(running.base + path)).status).toBe(404);
    }
  });

  it.runIf(process.platform === 'linux')('keeps no file open after readers hang up', async () => {
    running = await startHttpApp();
    const port = Number(new URL(running.base).port);
    for (let count = 0; count < 5; count += 1) {
      const socket = connect(port, '127.0.0.1', () => {
        const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n';
        socket.pause().write(request.repeat(12), () => socket.destroy());
      });
      await once(socket, 'close');
    }
    await fetch(`${running.base}/docs`);
    const open = readdirSync('/proc/self/fd').flatMap((descriptor) => {
      try {
        return [readlinkSync(`/proc/self/fd/${descriptor}`)];
      } catch {
        return [];
      }
    });
    expect(open.filter((file) => file.includes('swagger-ui'))).toEqual([]);
  });
});
