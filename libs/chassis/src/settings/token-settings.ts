import { MAX_CLOCK_TOLERANCE_SECONDS } from '@jwt-auth/jwt-core';
import type { z } from 'zod';

import { httpUrl, isExposedHttp } from './addresses.js';
import { duration, flag, text } from './setting.js';

/** What auth and every service must agree on: members for the schema of their settings. */
export const TOKEN_SETTINGS = {
  ISSUER: httpUrl().optional(),
  ALLOW_HTTP_ISSUER: flag().default(false),
  AUDIENCE: text().default('api'),
  CLOCK_TOLERANCE: duration('0s', MAX_CLOCK_TOLERANCE_SECONDS * 1000).default(5_000),
  REVOCATION_MAX_STALENESS: duration('100ms', '24h').default(30_000),
};

type HttpSettings = Readonly<
  Pick<z.output<z.ZodObject<typeof TOKEN_SETTINGS>>, 'ALLOW_HTTP_ISSUER'> & { NODE_ENV: string }
>;

/** Whether plain http to another machine is allowed: outside of production, or where it is asked for. */
export function allowsHttpIssuer({ ALLOW_HTTP_ISSUER, NODE_ENV }: HttpSettings): boolean {
  return ALLOW_HTTP_ISSUER === true || NODE_ENV !== 'production';
}

/** Why tokens of an issuer are not safe there, as a problem of `ISSUER`. `undefined`: they are. */
export function issuerProblem(issuer: string, settings: HttpSettings): string | undefined {
  if (allowsHttpIssuer(settings) || !isExposedHttp(issuer)) return undefined;
  return 'must be https in production, unless ALLOW_HTTP_ISSUER is on';
}
