import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import {
  connectionConfig,
  type ConnectionConfig,
  ConnectionUrlError,
  withDatabase,
} from './connection-url.js';
import { prepareSession, ServerNotWritableError } from './session-settings.js';

const directory = mkdtempSync(join(tmpdir(), 'connection-url-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Each way to the database, in the order in which they are tried. */
function waysOf(url: string): ConnectionConfig[] {
  const ways: ConnectionConfig[] = [];
  for (let way: ConnectionConfig | undefined = connectionConfig(url); way; way = way.fallback) {
    ways.push(way);
  }
  return ways;
}

const hostsOf = (url: string) => waysOf(url).map(({ host, port }) => [host, port]);

function messageOf(url: string): string {
  try {
    connectionConfig(url);
  } catch (error) {
    if (error instanceof ConnectionUrlError) return error.message;
    throw error;
  }
  return '';
}

describe('the URL of a database', () => {
  it('names user, password, host, port and database', () => {
    expect(connectionConfig('postgresql://ada:pa:ss@db.example.com:6432/shop')).toEqual({
      user: 'ada',
      password: 'pa:ss',
      host: 'db.example.com',
      port: 6432,
      database: 'shop',
      needsWritableServer: false,
      ssl: false,
    });
  });

  it.each([
    ['50%25', '50%'],
    ['50%', '50%'],
    ['%zz%', '%zz%'],
    ['a%40b%3Ac%2Fd', 'a@b:c/d'],
    ['a@b', 'a@b'],
    ['%C3%A4%20', 'ä '],
  ])('takes the password %s for %s', (written, password) => {
    expect(connectionConfig(`postgres://u:${written}@h/d`)).toMatchObject({ user: 'u', password });
  });

  it('has a plus sign in a parameter where libpq has one, and a space as %20', () => {
    const url = 'postgres://u:a+b@h/d?application_name=c+d%20e';
    expect(connectionConfig(url)).toMatchObject({ password: 'a+b', application_name: 'c+d e' });
    expect(connectionConfig(`${url}&password=e+f`)).toMatchObject({ password: 'e+f' });
  });

  it.each([
    ['postgres://h/d', [['h', undefined]]],
    [
      'postgres://u@h1,h2:7/d',
      [
        ['h1', undefined],
        ['h2', 7],
      ],
    ],
    [
      'postgres://u:p@[::1]:5432,[fd00::2]/d',
      [
        ['::1', 5432],
        ['fd00::2', undefined],
      ],
    ],
    ['postgres:///d?host=/var/run/postgresql&port=6', [['/var/run/postgresql', 6]]],
    ['postgres://u@%2Ftmp%2Fpg/d', [['/tmp/pg', undefined]]],
    [
      'postgres:///d?host=a,b&port=1,2',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'postgres:///d?host=a,b&port=3',
      [
        ['a', 3],
        ['b', 3],
      ],
    ],
    ['postgres:///d', [[undefined, undefined]]],
  ])('%s leads to %j', (url, hosts) => {
    expect(hostsOf(url)).toEqual(hosts);
  });

  it.each([
    ['', [false]],
    ['sslmode=disable', [false]],
    ['sslmode=allow', [false, { rejectUnauthorized: false }]],
    ['sslmode=prefer', [{ rejectUnauthorized: false }, false]],
    ['sslmode=require', [{ rejectUnauthorized: false }]],
    ['sslmode=no-verify', [{ rejectUnauthorized: false }]],
    ['sslmode=verify-full', [{}]],
    ['ssl=true', [{}]],
  ])('encrypts with %j by %j', (parameters, choices) => {
    expect(waysOf(`postgres://h/d?${parameters}`).map(({ ssl }) => ssl)).toEqual(choices);
  });

  it('checks the certificate against a root of its own', () => {
    const root = join(directory, 'root.crt');
    writeFileSync(root, 'the root');
    const tlsOf = (mode: string) =>
      connectionConfig(`postgres://h/d?sslmode=${mode}&sslrootcert=${root}`).ssl;
    expect(tlsOf('verify-full')).toEqual({ ca: 'the root' });
    const anyName = { ca: 'the root', checkServerIdentity: expect.any(Function) as () => void };
    expect(tlsOf('verify-ca')).toEqual(anyName);
    expect(tlsOf('require')).toEqual(anyName);
  });

  it('does not encrypt what goes through a socket of this machine', () => {
    expect(waysOf('postgres:///d?host=/tmp&sslmode=require')).toMatchObject([{ ssl: false }]);
  });

  it.each([
    ['postgres://h/d', false],
    ['postgres://h1,h2/d', true],
    ['postgres://h1,h2/d?target_session_attrs=any', false],
    ['postgres://h/d?target_session_attrs=primary', true],
    ['postgres://h/d?target_session_attrs=read-write', true],
  ])('%s needs a server that accepts writes: %s', (url, needsWritableServer) => {
    for (const way of waysOf(url)) expect(way).toMatchObject({ needsWritableServer });
  });

  it('passes on what else it knows', () => {
    const url =
      'postgres://h/d?options=-c%20search_path=app&application_name=x&channel_binding=require';
    expect(connectionConfig(url)).toMatchObject({
      options: '-c search_path=app',
      application_name: 'x',
      enableChannelBinding: true,
    });
  });

  it.each([
    ['mysql://h/d', /^expected postgres:/],
    ['h/d', /^expected postgres:/],
    ['postgres://u:%e4b@h/d', /^the password has a percent sign that must be written as %25$/],
    ['postgres://h:0/d', /^expected a port/],
    ['postgres://h:5432x/d', /^expected a port/],
    ['postgres://h1:1,h2:65536/d', /^expected a port/],
    ['postgres://::1/d', /^expected (an IPv6 host in brackets|a port)/],
    ['postgres://h/d?sslmode=maybe', /^expected sslmode to be one of disable,/],
    ['postgres://h/d?target_session_attrs=standby', /^expected target_session_attrs/],
    ['postgres://h/d?sslmode=verify-ca&sslrootcert=/nowhere', /^the file of sslrootcert cannot/],
  ])('is refused when it is %s', (url, message) => {
    expect(messageOf(url)).toMatch(message);
  });

  it.each([
    [
      'postgres://u:p%25@h1:1,h2:2/auth?sslmode=prefer',
      'postgres://u:p%25@h1:1,h2:2/orders?sslmode=prefer',
    ],
    ['postgres:///auth?host=/run&dbname=x', 'postgres:///orders?host=/run'],
    ['postgres://h?dbname=x', 'postgres://h/orders'],
  ])('%s becomes %s for another database', (url, other) => {
    expect(withDatabase(url, 'orders')).toBe(other);
  });

  it('names another database whatever characters it has', () => {
    expect(connectionConfig(withDatabase('postgres://h/d', 'a "b"/ü?'))).toMatchObject({
      database: 'a "b"/ü?',
    });
  });
});

describe('a session', () => {
  it('is prepared only on a server that accepts writes, if it has to', async () => {
    const url = await freshDatabase();
    await withClient(url, async (client) => {
      await client.query('SET default_transaction_read_only = on');
      await expect(prepareSession(client, {})).resolves.toBeUndefined();
      const preparing = prepareSession(client, { needsWritableServer: true });
      await expect(preparing).rejects.toThrow(ServerNotWritableError);
    });
  });

  it('keeps the schema that the URL of the database chooses', async () => {
    const url = await freshDatabase();
    const pathOf = (parameters: string) =>
      withClient(`${url}?${parameters}`, async (client) => {
        await prepareSession(client, connectionConfig(`${url}?${parameters}`));
        const { rows } = await client.query<{ search_path: string }>('SHOW search_path');
        return rows[0]?.search_path;
      });
    expect(await pathOf('options=-csearch_path%3Dapp')).toBe('app');
    expect(await pathOf('')).toBe('"$user", public');
  });
});

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connectionConfig(url));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
