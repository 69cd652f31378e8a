import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';

/** The URL of a database is wrong. `message` says how, and repeats no part of the URL. */
export class ConnectionUrlError extends Error {
  override readonly name = 'ConnectionUrlError';
}

/** One way to reach a database: one host, with or without TLS. */
export interface ConnectionConfig extends ClientConfig {
  /** Only a server that accepts writes will do. */
  readonly needsWritableServer?: boolean;
  /** The way to try when this one fails. */
  readonly fallback?: ConnectionConfig;
}

/** `postgres://authority/database?parameters`; the authority may list several hosts. */
const FORM = /^(postgres(?:ql)?:\/\/)([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];
const SESSION_ATTRIBUTES = ['any', 'read-write', 'primary'];

/**
 * Reads the URL of a database as `libpq` does (PostgreSQL documentation, section 34.1.1.2): several
 * hosts, sockets (`?host=/var/run/postgresql`), `sslmode` and its files, `target_session_attrs`,
 * `options`, `application_name`. Parameters that it does not know are ignored.
 *
 * Two things differ: without `sslmode` there is no TLS, and of several hosts one that accepts
 * writes is chosen unless `target_session_attrs` says otherwise.
 *
 * @throws ConnectionUrlError
 */
export function connectionConfig(url: string): ConnectionConfig {
  const [first, ...others] = connectionConfigs(url).reverse();
  const start: ConnectionConfig = { ...first };
  return others.reduce((fallback, config) => ({ ...config, fallback }), start);
}

function connectionConfigs(url: string): ConnectionConfig[] {
  const [, , authority = '', path = '', query = ''] = match(url);
  // A `+` is a plus sign, as in the rest of the URL: only forms write a space so.
  const parameters = new URLSearchParams(query.replaceAll('+', '%2B'));
  const at = authority.lastIndexOf('@');
  const [user, password] = split(authority.slice(0, Math.max(at, 0)), ':');
  const hosts = hostsOf(authority.slice(at + 1), parameters);
  const shared = {
    user: parameters.get('user') || decoded(user, 'user') || undefined,
    password: parameters.get('password') || decoded(password, 'password') || undefined,
    database: parameters.get('dbname') || decoded(path.slice(1), 'database') || undefined,
    ...given('options', parameters.get('options')),
    ...given('application_name', parameters.get('application_name')),
    ...(parameters.get('channel_binding') === 'require' && { enableChannelBinding: true }),
    needsWritableServer: needsWritableServer(parameters, hosts.length),
  };
  const tls = tlsChoices(parameters);
  return hosts.flatMap((host) => {
    // A socket stays on this machine: libpq does not encrypt it either.
    const choices = host.host?.startsWith('/') ? [false] : tls;
    return choices.map((ssl) => ({ ...shared, ...host, ssl }));
  });
}

/** The same address, with another database. */
export function withDatabase(url: string, database: string): string {
  const [, scheme = '', authority = '', , query = ''] = match(url);
  const parameters = query.split('&').filter((pair) => pair && !pair.startsWith('dbname='));
  const suffix = parameters.length > 0 ? `?${parameters.join('&')}` : '';
  return `${scheme}${authority}/${encodeURIComponent(database)}${suffix}`;
}

function match(url: string): RegExpExecArray {
  const parts = FORM.exec(url);
  if (parts) return parts;
  throw new ConnectionUrlError('expected postgres://user:password@host:port/database');
}

interface Host {
  readonly host?: string;
  readonly port?: number;
}

/** Those of the authority, or of the parameters `host` and `port`, as libpq pairs them. */
function hostsOf(authority: string, parameters: URLSearchParams): Host[] {
  const fromParameter = parameters.get('host');
  const ports = (parameters.get('port') ?? '').split(',');
  const written = fromParameter
    ? fromParameter.split(',').map((host) => [host, ''] as const)
    : authority.split(',').map(hostAndPort);
  return written.map(([host, port], index) => ({
    ...given('host', decoded(host.replace(/^\[(.*)\]$/, '$1'), 'host')),
    ...given('port', portOf(port || ports[ports.length === 1 ? 0 : index])),
  }));
}

function hostAndPort(text: string): readonly [string, string] {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (host || !text || text.startsWith(':')) return [host, port];
  throw new ConnectionUrlError('expected an IPv6 host in brackets, as in [::1]:5432');
}

function portOf(text = ''): number | undefined {
  if (!text) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new ConnectionUrlError('expected a port from 1 to 65535');
}

function needsWritableServer(parameters: URLSearchParams, hosts: number): boolean {
  const attributes = parameters.get('target_session_attrs');
  if (!attributes) return hosts > 1;
  if (SESSION_ATTRIBUTES.includes(attributes)) return attributes !== 'any';
  throw new ConnectionUrlError(
    `expected target_session_attrs to be one of ${SESSION_ATTRIBUTES.join(', ')}`,
  );
}

/** With TLS, without, or one after the other. */
function tlsChoices(parameters: URLSearchParams): (ConnectionOptions | false)[] {
  const mode = sslMode(parameters);
  if (mode === 'disable') return [false];
  const files = {
    ...given('ca', fileOf('sslrootcert', parameters)),
    ...given('cert', fileOf('sslcert', parameters)),
    ...given('key', fileOf('sslkey', parameters)),
  };
  if (mode === 'verify-full') return [{ ...files }];
  const tls = certified(mode, files);
  if (mode === 'allow') return [false, tls];
  return mode === 'prefer' ? [tls, false] : [tls];
}

/** Which certificate will do: with a root, `require` means `verify-ca`, as in libpq. */
function certified(mode: SslMode, files: ConnectionOptions): ConnectionOptions {
  if (mode !== 'verify-ca' && (mode !== 'require' || !files.ca)) {
    return { ...files, rejectUnauthorized: false };
  }
  return { ...files, checkServerIdentity: () => undefined };
}

function sslMode(parameters: URLSearchParams): SslMode {
  const text = parameters.get('sslmode') ?? '';
  // pg's own spellings, from before it knew those of libpq.
  if (text === 'no-verify' || parameters.get('ssl') === 'no-verify') return 'require';
  if (!text) return ['true', '1'].includes(parameters.get('ssl') ?? '') ? 'verify-full' : 'disable';
  const mode = SSL_MODES.find((known) => known === text);
  if (mode) return mode;
  throw new ConnectionUrlError(`expected sslmode to be one of ${SSL_MODES.join(', ')}`);
}

function fileOf(name: string, parameters: URLSearchParams): string | undefined {
  const path = parameters.get(name);
  // The roots that Node knows.
  if (!path || path === 'system') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConnectionUrlError(`the file of ${name} cannot be read`, { cause });
  }
}

/** What is behind percent signs. One that begins no such sequence stands for itself. */
function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![\da-f]{2})/gi, '%25'));
  } catch (cause) {
    const message = `the ${part} has a percent sign that must be written as %25`;
    throw new ConnectionUrlError(message, { cause });
  }
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

/** A member only if there is a value: `undefined` would hide a default of `pg`. */
function given<Key extends string, T>(key: Key, value: T | null | undefined) {
  return (value ? { [key]: value } : {}) as { readonly [K in Key]?: T };
}
