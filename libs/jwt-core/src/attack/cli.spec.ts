import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from './cli.js';
import { startService } from './faulty-service.fixture.js';
import type { CheckReport } from './report.js';

/** All groups but the header, of which some attacks are enough here. */
const few = 'claims form signature transport revocation keys path kid twice json alg none'
  .split(' ')
  .flatMap((name) => ['--skip', name]);

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function run(...args: string[]) {
  let out = '';
  let log = '';
  const code = await runCli(
    args,
    (text) => (out += text),
    (text) => (log += text),
  );
  return { code, out, log };
}

describe('jwt-core attack', () => {
  let service: Awaited<ReturnType<typeof startService>> | undefined;
  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  /** A service that trusts the issuer of the command, which is yet to be started. */
  async function startFor(...faults: Parameters<typeof startService>[1] & object) {
    const port = await freePort();
    const issuer = { issuer: `http://127.0.0.1:${port}`, audience: 'shop' };
    service = await startService(issuer as never, faults, false);
    return [service.url, '--port', String(port), '--audience', 'shop', '--wait', '20', ...few];
  }

  it('waits until the service trusts the issuer, and ends with 0 if all was refused', async () => {
    const args = await startFor();
    const { code, out, log } = await run('attack', ...args, '--scope', 'a b');
    expect(log).toMatch(/^Issuer http:\/\/127\.0\.0\.1:\d+, audience shop\. Waiting for http/);
    expect(out).toMatch(/: \d+ attacks, 0 findings\n$/);
    expect(code).toBe(0);
  });

  it('gives its tokens the claims that the service asks for', async () => {
    const args = await startFor();
    const claims = ['--audience', 'other', '--claims', '{"aud": "shop"}', '--skip', 'header'];
    const { code, out } = await run('attack', ...args, ...claims);
    expect(out).toMatch(/: 0 attacks, 0 findings\n$/);
    expect(code).toBe(0);
  });

  it('ends with 1 if there are findings', async () => {
    const breaksOn = (header: string) => header.includes('"crit":null');
    const args = await startFor({ name: 'answers 500', found: [], breaksOn });
    const { code, out } = await run('attack', ...args, '--format', 'json');
    const { findings } = JSON.parse(out) as CheckReport;
    expect(findings).toMatchObject([{ name: 'crit null', outcome: 'broke', status: 500 }]);
    expect(code).toBe(1);
  });

  it('ends with 2 if a good token is refused', async () => {
    const { code, out } = await run('attack', 'http://127.0.0.1:1/', '--wait', '0');
    expect(out).toContain('The set-up is wrong: a good token is answered with 0');
    expect(code).toBe(2);
  });

  it('ends with 2 if its issuer cannot start, and says why', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, log } = await run('attack', 'http://127.0.0.1:1/', '--port', String(port));
    other.close();
    expect(log).toContain('EADDRINUSE');
    expect(code).toBe(2);
  });

  it.each([
    [[], 'The command is: attack <url>'],
    [['defend', 'http://a/'], 'The command is: attack <url>'],
    [['attack', 'ftp://a/'], 'The command is: attack <url>'],
    [['attack', 'http://a/', 'http://b/'], 'The command is: attack <url>'],
    [['attack', 'http://a/', '--nothing'], "Unknown option '--nothing'"],
    [['attack', 'http://a/', '--port', '70000'], '70000 is not a number from 0 to 65535'],
    [['attack', 'http://a/', '--stale', 'soon'], 'soon is not a number from 0 to 86400'],
    [['attack', 'http://a/', '--claims', '["admin"]'], '["admin"] is not a JSON object'],
    [['attack', 'http://a/', '--claims', 'admin'], 'admin is not a JSON object'],
    [['attack', 'http://a/', '--format', 'xml'], 'xml is not one of text, json, junit'],
    [['attack', 'http://a/', '--level', 'may'], 'may is not one of must, should'],
  ])('refuses %j with its usage', async (args, message) => {
    const { code, log } = await run(...args);
    expect(log).toContain(message);
    expect(log).toContain('jwt-core attack <url> [options]');
    expect(code).toBe(2);
  });
});
