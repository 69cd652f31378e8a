import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { addressFromHere, httpUrl, listenHost, postgresUrl, trustProxy } from './addresses.js';
import { parseSettings, SettingsError } from './parse-settings.js';
import {
  base64Key,
  choice,
  duration,
  flag,
  port,
  text,
  wholeNumber,
  type Setting,
} from './setting.js';

const key = randomBytes(32);

describe('parseSettings', () => {
  const schema = z.object({
    PORT: port().prefault('3000'),
    TTL: duration('1s', '30d').prefault('15m'),
    SECRET: base64Key(32),
    PASSWORD: text(8).optional(),
  });

  it('reads defaults in the same words as given values', () => {
    expect(parseSettings(schema, { SECRET: key.toString('base64') })).toEqual({
      PORT: 3000,
      TTL: 900_000,
      SECRET: key,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const settings = { PORT: '', PASSWORD: ' ', SECRET: key.toString('base64') };
    expect(parseSettings(schema, settings)).toMatchObject({ PORT: 3000 });
  });

  it.each(['tcp://10.0.0.1:3000', ' udp://[fd00::2]:53 ', 'sctp://10.0.0.1:1'])(
    'ignores a port that is the address of a Kubernetes service, %s, with a warning',
    (address) => {
      const ports = z.object({
        PORT: port().default(1),
        AUTH_PORT: port().optional(),
        HOST: text(),
      });
      const environment = { PORT: address, AUTH_PORT: address, REDIS_PORT: address, HOST: address };
      const warnings: string[] = [];
      const settings = parseSettings(ports, environment, (message) => warnings.push(message));
      expect(settings).toEqual({ PORT: 1, HOST: address.trim() });
      expect(warnings.map((message) => message.split(' ', 1)[0])).toEqual(['PORT', 'AUTH_PORT']);
      expect(warnings.join()).not.toContain(address.trim());
    },
  );

  it.each(['tcp://', 'http://10.0.0.1:3000', 'tcp:80'])('refuses the port %s', (text) => {
    expect(() => parseSettings(z.object({ PORT: port() }), { PORT: text })).toThrow(SettingsError);
  });

  it('lists every problem at once, and no value', () => {
    const wrong = { PORT: 'x1x', TTL: 'x2x', PASSWORD: 'x3x-far-too-long', OTHER: 'x4x' };
    const error = catchError(() => parseSettings(schema, wrong));
    expect(error).toBeInstanceOf(SettingsError);
    expect(error.problems.map(({ variable }) => variable)).toEqual([
      'PORT',
      'TTL',
      'SECRET',
      'PASSWORD',
    ]);
    expect(error.message).toMatch(/SECRET: is not set: expected 32 bytes in base64/);
    expect(error.message).toMatch(/TTL: expected a duration .* from 1s to 30d/);
    expect(error.message).not.toMatch(/x\dx/);
  });

  it('names a rule between settings by the variable it blames', () => {
    const ruled = z
      .object({ A: flag(), B: flag() })
      .refine(({ A, B }) => A !== B, { path: ['B'], error: 'expected the opposite of A' });
    const error = catchError(() => parseSettings(ruled, { A: 'on', B: 'on' }));
    expect(error.problems).toEqual([{ variable: 'B', message: 'expected the opposite of A' }]);
  });
});

it.each([
  ['127.0.0.1', 'http://localhost:3000'],
  ['::1', 'http://localhost:3000'],
  ['::', 'http://localhost:3000'],
  ['auth', 'http://auth:3000'],
  ['10.0.0.7', 'http://10.0.0.7:3000'],
  ['fd00::2', 'http://[fd00::2]:3000'],
])('a server that listens at %s is found at %s', (host, address) => {
  expect(addressFromHere({ host, port: 3000 })).toBe(address);
});

describe('a setting', () => {
  const good: [string, Setting<unknown>, string, unknown][] = [
    ['zero seconds', duration('0s', '1m'), '0s', 0],
    ['milliseconds', duration(), '500ms', 500],
    ['seconds', duration(), '10s', 10_000],
    ['minutes', duration(), '15m', 900_000],
    ['hours', duration(), '24h', 86_400_000],
    ['days', duration(), '30d', 2_592_000_000],
    ['white space around a value', duration(), ' 10s ', 10_000],
    ['any free port', port(), '0', 0],
    ['the last port', port(), '65535', 65_535],
    ['on', flag(), 'on', true],
    ['FALSE', flag(), 'FALSE', false],
    ['1', flag(), '1', true],
    ['0', flag(), '0', false],
    ['a word in capitals', choice('info', 'debug'), 'DEBUG', 'debug'],
    ['a base64 key', base64Key(32), key.toString('base64'), key],
    ['a base64url key', base64Key(32), key.toString('base64url'), key],
    ['a loopback address', httpUrl(), 'http://localhost:3000', 'http://localhost:3000'],
    ['an https address', httpUrl(), 'https://auth.example.com/a', 'https://auth.example.com/a'],
    [
      'a database',
      postgresUrl(),
      'postgres://u:p@h:1/d?sslmode=disable',
      'postgres://u:p@h:1/d?sslmode=disable',
    ],
    ['a host by name', listenHost(), 'auth-1.internal', 'auth-1.internal'],
    ['a host by address', listenHost(), '::', '::'],
    ['no proxy', trustProxy(), 'off', false],
    ['hops', trustProxy(), '2', 2],
    [
      'proxies',
      trustProxy(),
      'loopback, 10.0.0.0/8,fd00::/8',
      ['loopback', '10.0.0.0/8', 'fd00::/8'],
    ],
  ];
  it.each(good)('reads %s', (_name, type, value, expected) => {
    expect(type.parse(value)).toEqual(expected);
  });

  const bad: [string, Setting<unknown>, string][] = [
    ['a duration without unit', duration(), '10'],
    ['a negative duration', duration(), '-1s'],
    ['a broken number', duration(), '1.5h'],
    ['two durations', duration(), '1h30m'],
    ['an unknown unit', duration(), '2w'],
    ['an endless duration', duration(), '99999999999999999999s'],
    ['less than the least duration', duration('2s', '1m'), '1s'],
    ['more than the most duration', duration('2s', '1m'), '61s'],
    ['a port beyond the last', port(), '65536'],
    ['a hexadecimal port', port(), '0x50'],
    ['a port with an exponent', port(), '3e3'],
    ['a number below its bounds', wholeNumber(1, 9), '0'],
    ['a switch that says maybe', flag(), 'maybe'],
    ['a word that is not one of them', choice('info', 'debug'), 'loud'],
    ['a short key', base64Key(32), key.subarray(1).toString('base64')],
    ['a long key', base64Key(32), `${key.toString('base64')}AAAA`],
    ['a key with junk that Buffer skips', base64Key(32), `*${key.toString('base64')}`],
    ['a control character', text(), 'a\nb'],
    ['another protocol', httpUrl(), 'ftp://example.com'],
    ['no address', httpUrl(), 'localhost:3000'],
    ['credentials in an address', httpUrl(), 'https://a:b@example.com'],
    ['a query in an address', httpUrl(), 'https://example.com/?a'],
    ['an empty fragment in an address', httpUrl(), 'https://example.com/#'],
    ['a database without a name', postgresUrl(), 'postgres://u:p@h:1'],
    ['another database', postgresUrl(), 'mysql://u:p@h:1/d'],
    ['a host of two words', listenHost(), 'a b'],
    ['a host with its port', listenHost(), 'localhost:3000'],
    ['a host with a path', listenHost(), 'localhost/auth'],
    ['a host that is nearly an address', listenHost(), '10.0.0.256'],
    ['a host with a zone', listenHost(), 'fe80::1%eth0'],
    ['trust in everyone', trustProxy(), 'true'],
    ['trust in too many hops', trustProxy(), '11'],
    ['a proxy that is no address', trustProxy(), '10.0.0.1,proxy.local'],
    ['a range that is too narrow', trustProxy(), '10.0.0.0/33'],
    ['a range of ranges', trustProxy(), '10.0.0.0/8/8'],
  ];
  it.each(bad)('refuses %s', (_name, type, value) => {
    const result = type.safeParse(value);
    expect(result.error?.issues).toHaveLength(1);
    expect(result.error?.issues[0]?.message).toMatch(/^expected /);
  });

  it.each([
    [604_800_000, '7d'],
    [90_000, '90s'],
    [1, '1ms'],
  ])('names a bound of %d milliseconds as %s', (most, written) => {
    const type = duration('0s', most);
    expect(type.safeParse(written).data).toBe(most);
    const [issue] = type.safeParse(`${most + 1}ms`).error?.issues ?? [];
    expect(issue?.message).toMatch(new RegExp(`from 0s to ${written}$`));
  });
});

function catchError(run: () => unknown): SettingsError {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('It did not throw.');
}
