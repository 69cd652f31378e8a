import { isLoopback } from '@jwt-auth/jwt-core';
import { connectionConfig, ConnectionUrlError } from '@jwt-auth/jwt-core/postgres';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { z } from 'zod';

import { setting, type Setting } from './setting.js';

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return protocols.includes(url.protocol) ? url : undefined;
}

/** An `http` or `https` address without credentials, query or fragment, kept as it was written. */
export function httpUrl(): Setting<string> {
  return setting('an http or https address without credentials, query or fragment', (text) => {
    const url = parseUrl(text, ['http:', 'https:']);
    return url && !url.username && !url.password && !/[?#]/.test(text) ? text : undefined;
  });
}

/**
 * The URL of a Postgres database, such as `postgres://user:password@host:5432/database`, with what
 * `libpq` allows in it: several hosts, sockets, `sslmode`. Kept as it was written.
 */
export function postgresUrl(): Setting<string> {
  const expected = 'expected postgres://user:password@host:port/database';
  return z.string({ error: `is not set: ${expected}` }).transform((text, context) => {
    const message = urlProblem(text.trim());
    if (message === undefined) return text.trim();
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

  function urlProblem(url: string): string | undefined {
    try {
      return connectionConfig(url).database === undefined ? expected : undefined;
    } catch (error) {
      if (error instanceof ConnectionUrlError) return error.message;
      throw error;
    }
  }
}

/** Which peers may say, in `X-Forwarded-*`, for whom they speak: none, so many hops, or these. */
export type TrustProxy = false | number | string[];

const NAMED_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isAddressRange(text: string): boolean {
  if (NAMED_RANGES.has(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^[1-9]\d{0,2}$/.test(bits)) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}

/**
 * `off`, a number of hops, or a list of addresses, CIDR ranges and the names `loopback`,
 * `linklocal`, `uniquelocal`. There is no way to trust everyone: any caller could then choose the
 * address that limits and audits see.
 */
export function trustProxy(): Setting<TrustProxy> {
  const expected = 'off, a number of hops from 1 to 10, or addresses separated by commas';
  return setting(expected, (text) => {
    if (['off', 'false', 'no', '0'].includes(text.toLowerCase())) return false;
    if (/^\d+$/.test(text)) return Number(text) <= 10 ? Number(text) : undefined;
    const ranges = text.split(',').map((range) => range.trim());
    return ranges.every(isAddressRange) ? ranges : undefined;
  });
}

/** Where something listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Whether tokens and keys would go to another machine for anyone on the way to read or change. */
export function isExposedHttp(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return url.protocol === 'http:' && !isLoopback(url);
}

/** Where to listen: an IP address without a zone, or the name of this machine. */
export function listenHost(): Setting<string> {
  return setting('an IP address, or a host name', (text) => {
    const isName = /^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(text);
    if (!isName && isIP(text) === 0) return undefined;
    return URL.canParse(`http://${urlHost({ host: text, port: 1 })}`) ? text : undefined;
  });
}

/** A host and port as in a URL: an IPv6 address in brackets. */
export function urlHost({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The URL at which a process on the same machine reaches a server that listens there. */
export function addressFromHere({ host, port }: ListenAddress): string {
  const isHere = ['0.0.0.0', '::', '::1', '127.0.0.1'].includes(host);
  return `http://${urlHost({ host: isHere ? 'localhost' : host, port })}`;
}

/**
 * The origins of pages, such as `https://app.example.com,http://localhost:5173`: each exactly as a
 * browser sends it in `Origin`, because they are compared as texts. Every wrong entry is a problem of
 * its own, named by its position.
 */
export function pageOrigins(): Setting<readonly string[]> {
  return z.string().transform((text, context) => {
    const origins = text.split(',').map((origin) => origin.trim());
    for (const [index, origin] of origins.entries()) {
      const problem = originProblem(origin);
      if (problem === undefined) continue;
      context.addIssue({ code: 'custom', message: `origin ${index + 1} ${problem}` });
    }
    return [...new Set(origins)];
  });
}

/** What is wrong with an origin, as the rest of a sentence. It never repeats the text. */
function originProblem(origin: string): string | undefined {
  if (origin === '') return 'is empty: separate origins by single commas';
  if (origin.includes('*')) return 'has a wildcard: list each origin';
  if (origin.toLowerCase() === 'null') return 'is null, which any sandboxed page can send';
  if (!/^https?:\/\//i.test(origin)) return 'must begin with https:// or http://';
  if (!URL.canParse(origin)) return 'is no URL';
  const url = new URL(origin);
  if (origin.includes('@')) return 'has credentials';
  if (origin.endsWith('/') && url.pathname === '/') return 'must not end with a slash';
  if (url.pathname !== '/' || /[?#]/.test(origin)) return 'must not have a path, query or fragment';
  if (url.origin !== origin) {
    return 'must be as browsers send it: in lower case, in ASCII, without the default port';
  }
  return undefined;
}
