import type { ServerResponse } from 'node:http';
import type { OnModuleInit } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { addressFault, isLoopback } from '../issuer/issuer-address.js';
import type { Routes } from './routes.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Where RFC 9728 section 3.1 puts the metadata of a resource: between its host and its path. */
export function resourceMetadataAddress(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
}

/** What is wrong with the identifier of a resource (RFC 9728 section 1.2). */
export function resourceFault(resource: unknown, allowHttp: boolean): string | undefined {
  if (typeof resource !== 'string' || !URL.canParse(resource)) return 'resource is not a URL';
  const url = new URL(resource);
  const { search, hash, username, password } = url;
  if (search || hash || username || password || /[?#"\\]/.test(resource)) {
    return 'resource has a query, a fragment or credentials';
  }
  const isSecure = addressFault(url, allowHttp || isLoopback(url)) === undefined;
  return isSecure ? undefined : 'resource is not https';
}

/** The members of the metadata (RFC 9728 section 2). */
interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  /** All that the routes demand, in alphabetical order. Absent if they demand none. */
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly string[];
}

/**
 * Serves the metadata from which a client learns where to get a token for this service. Also at the
 * address without a path, for a proxy that removes that. Readable by pages of any origin.
 */
export class ProtectedResource implements OnModuleInit {
  constructor(
    private readonly resource: string | undefined,
    private readonly authorizationServers: readonly string[],
    private readonly routes: Routes,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const { httpAdapter } = this.adapterHost;
    if (this.resource === undefined || !httpAdapter) return;
    const { pathname } = new URL(resourceMetadataAddress(this.resource));
    const metadata = this.metadata(this.resource);
    for (const path of new Set([WELL_KNOWN, pathname])) {
      httpAdapter.get(path, (_request: unknown, response: ServerResponse) => {
        httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
        httpAdapter.setHeader(response, 'Cache-Control', 'public, max-age=300');
        httpAdapter.reply(response, metadata, 200);
      });
    }
  }

  private metadata(resource: string): ProtectedResourceMetadata {
    const scopes = this.routes.demandedScopes();
    return {
      resource,
      authorization_servers: this.authorizationServers,
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
    };
  }
}
