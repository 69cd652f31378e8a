import type { Config } from './config.js';

/** The origins of pages that act for users: auth's own, and those of `CORS_ORIGINS`. */
export function ownOrigins({ issuer, cors }: Pick<Config, 'issuer' | 'cors'>) {
  return [new URL(issuer).origin, ...cors.origins];
}
