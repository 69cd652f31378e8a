import { compile } from '@fastify/proxy-addr';
import type { LoggerService } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

import type { TrustProxy } from '../settings/addresses.js';

declare module 'fastify' {
  interface FastifyRequest {
    callerAddress: string;
  }
}

/** The address of a caller whose proxy sent text that is no address. */
export const UNKNOWN_ADDRESS = 'unknown';

/** More than the longest IPv6 address in brackets, with a zone and a port. */
const MAX_LENGTH = 100;

/**
 * The address of the caller: an IPv4 or IPv6 address in its canonical form, or `unknown`. It was
 * read when the request arrived, so that it is still known after the caller hung up.
 */
export function callerAddress(request: Pick<FastifyRequest, 'callerAddress'>): string {
  return request.callerAddress;
}

/**
 * The network that limits count: an IPv4 address by itself, and the first 64 bits of an IPv6
 * address, because one subscriber usually has all addresses of such a network.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/**
 * An address as a socket or a proxy writes it, in its canonical form: without port, brackets and
 * zone, an IPv4 address inside IPv6 as IPv4 (RFC 4291 section 2.5.5.2). `unknown` for anything else.
 */
export function parseAddress(text: string | undefined): string {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '' || trimmed.length > MAX_LENGTH) return UNKNOWN_ADDRESS;
  if (isIPv4(trimmed)) return trimmed;
  const { v4, bracketed, port = 0 } = HOST_AND_PORT.exec(trimmed)?.groups ?? {};
  if (Number(port) > 65_535) return UNKNOWN_ADDRESS;
  if (v4 !== undefined) return isIPv4(v4) ? v4 : UNKNOWN_ADDRESS;
  const address = (bracketed ?? trimmed).split('%', 1).join('');
  if (!isIPv6(address)) return UNKNOWN_ADDRESS;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  return canonical.startsWith('::ffff:') && canonical.includes('.')
    ? canonical.slice('::ffff:'.length)
    : canonical;
}

const HOST_AND_PORT = /^(?:(?<v4>[\d.]+)|\[(?<bracketed>[^\]]*)\])(?::(?<port>\d{1,5}))?$/;

/** Reads the address of each request as it arrives, before any other hook or handler. */
export function readCallerAddresses(server: FastifyInstance, trusts: Trusts): void {
  server.decorateRequest('callerAddress', UNKNOWN_ADDRESS);
  server.addHook('onRequest', (request, _reply, done) => {
    request.callerAddress = addressOf(request.raw, trusts);
    done();
  });
}

/**
 * Logs a warning, once, when a proxy seems to be in front of the service and none is trusted: all
 * callers would share its address.
 */
export function warnOfUntrustedProxy(server: FastifyInstance, logger: LoggerService): void {
  let isWarned = false;
  server.addHook('onRequest', ({ headers }, _reply, done) => {
    if (!isWarned && (headers['x-forwarded-for'] ?? headers.forwarded) !== undefined) {
      isWarned = true;
      logger.warn(
        'A request came through a proxy while TRUST_PROXY is off: all callers of the proxy share ' +
          'its address in limits, logs and the audit log. Set TRUST_PROXY to trust it.',
      );
    }
    done();
  });
}

/** Whether the `X-Forwarded-For` of the peer at this address and hop is trusted. */
export type Trusts = (address: string, hop: number) => boolean;

/** The peer itself is hop 0. */
export function trustedPeers(trustProxy: TrustProxy): Trusts {
  if (trustProxy === false) return () => false;
  return typeof trustProxy === 'number' ? (_peer, hop) => hop < trustProxy : compile(trustProxy);
}

function addressOf({ socket, headers }: IncomingMessage, trusts: Trusts): string {
  let address = parseAddress(socket.remoteAddress);
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded !== 'string') return address;
  // From the nearest proxy to the farthest, as long as each is trusted.
  for (const [hop, text] of forwarded.split(',').reverse().entries()) {
    if (!trusts(address, hop)) break;
    address = parseAddress(text);
  }
  return address;
}
