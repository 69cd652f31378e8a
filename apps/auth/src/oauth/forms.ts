import { isPercentEncodedUtf8 } from '@jwt-auth/chassis';
import {
  BadRequestException,
  createParamDecorator,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';

import { OAuthError } from './oauth.errors.js';

/** The parameters of a request that have a value: one without counts as omitted (RFC 6749 section 3.2). */
export type Form = ReadonlyMap<string, string>;

export const isOAuthPath = (path: string): boolean => path.startsWith('/oauth/');

/** Also under another spelling of the path, where a route answers to it. */
export function isOAuthRoute(request: FastifyRequest): boolean {
  return isOAuthPath(request.routeOptions?.url ?? request.url);
}

/**
 * Lets the routes under /oauth/, and no others, take forms: a page of another site can send a form
 * without asking, and elsewhere nothing expects one. Bytes that are no UTF-8 are refused, as in JSON.
 */
export function acceptOAuthForms(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser<Buffer>(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer' },
      (request, body, done) => {
        const form = body.toString();
        if (!isOAuthRoute(request)) done(new UnsupportedMediaTypeException());
        else if (isUtf8(body) && isPercentEncodedUtf8(form)) done(null, new URLSearchParams(form));
        else done(new BadRequestException('The body is not well-formed UTF-8'));
      },
    );
}

/** The parameters that an endpoint knows, beside those of the client (`client_id`, `client_secret`). */
export interface FormParameters {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** All names that an endpoint knows. */
export function namesOf({ required, optional }: FormParameters): string[] {
  return [...required, ...optional, 'client_id', 'client_secret'];
}

/**
 * The parameter of a handler that receives the form of its request. What the endpoint does not know is
 * ignored, also twice (RFC 6749 section 3.2).
 *
 * @throws OAuthError `invalid_request` for any other body, and for a known parameter that comes twice;
 *   `invalid_target` for a second `resource`
 */
export const FormBody = createParamDecorator<FormParameters>((parameters, context) =>
  formOf(context.switchToHttp().getRequest<FastifyRequest>().body, namesOf(parameters)),
);

function formOf(body: unknown, names: readonly string[]): Form {
  if (!(body instanceof URLSearchParams)) {
    throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded');
  }
  const form = new Map<string, string>();
  for (const name of names) {
    const [value = '', ...more] = body.getAll(name);
    if (more.length > 0) throw repetition(name);
    if (value !== '') form.set(name, value);
  }
  return form;
}

/** RFC 8707 section 2 lets clients name several resources. Here a token is for one. */
function repetition(name: string): OAuthError {
  return name === 'resource'
    ? new OAuthError('invalid_target', 'Ask for one resource at a time')
    : new OAuthError('invalid_request', `${name} is repeated`);
}

/** @throws OAuthError `invalid_request` when it is absent */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing`);
  return value;
}
