import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import type { TrustProxy } from '../settings/addresses.js';
import {
  callerAddress,
  networkOf,
  parseAddress,
  readCallerAddresses,
  trustedPeers,
} from './caller-address.js';

describe('parseAddress', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    [' 192.0.2.7\t', '192.0.2.7'],
    ['198.51.100.8:40001', '198.51.100.8'],
    ['[2001:db8::8]:443', '2001:db8::8'],
    ['[2001:db8::8]', '2001:db8::8'],
    ['2001:DB8:0:0::8', '2001:db8::8'],
    ['2001:0db8:0000:0000:0000:0000:0000:0008', '2001:db8::8'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:80', '192.0.2.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
    ['::1', '::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('reads %s as %s', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  it.each([
    undefined,
    '',
    ' ',
    'unknown',
    '_hidden',
    'localhost',
    'example.com:80',
    '192.0.2.7:',
    '192.0.2.7:port',
    '192.0.2.7:123456',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.07',
    '192.0.2.7.8:80',
    '2001:db8::8::',
    '[2001:db8::8',
    '[192.0.2.7]:80',
    '[]',
    '192.0.2.7:65536',
    '[2001:db8::8]:99999',
    '"[2001:db8::8]"',
    "192.0.2.7' OR 1=1",
    '1'.repeat(6_000),
    `fe80::1%${'a'.repeat(6_000)}`,
  ])('reads %j as unknown', (text) => {
    expect(parseAddress(text)).toBe('unknown');
  });
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('counts %s as the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('callerAddress', () => {
  let server: FastifyInstance;
  afterEach(() => server.close());

  async function addressFor(trustProxy: TrustProxy, forwardedFor?: string): Promise<string> {
    server = fastify();
    readCallerAddresses(server, trustedPeers(trustProxy));
    server.get('/', (request) => callerAddress(request));
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    const answer = await server.inject({ url: '/', headers, remoteAddress: '10.0.0.1' });
    return answer.body;
  }

  it.each<[TrustProxy, string | undefined, string]>([
    [false, undefined, '10.0.0.1'],
    [false, '203.0.113.9', '10.0.0.1'],
    [1, undefined, '10.0.0.1'],
    [1, '203.0.113.9:1234', '203.0.113.9'],
    [1, '198.51.100.1, 203.0.113.9:1234', '203.0.113.9'],
    [2, '198.51.100.1, 203.0.113.9:1234, 10.0.0.2:80', '203.0.113.9'],
    [10, '203.0.113.9:1234', '203.0.113.9'],
    [['10.0.0.0/8'], '198.51.100.1, [2001:DB8::9]:1, 10.0.0.2:80', '2001:db8::9'],
    [['10.0.0.0/8'], '203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    [['10.0.0.0/8'], '203.0.113.9, nonsense', 'unknown'],
    [['10.0.0.0/8'], '', 'unknown'],
    [['10.0.0.0/8'], '203.0.113.9,', 'unknown'],
    [['uniquelocal'], '203.0.113.9, 10.0.0.2', '203.0.113.9'],
    [['192.0.2.1'], '203.0.113.9', '10.0.0.1'],
  ])('with the trusted proxies %j and the chain %j is %s', async (trust, chain, address) => {
    expect(await addressFor(trust, chain)).toBe(address);
  });
});
