import { ApiDefaultResponse } from '@nestjs/swagger';
import { z } from 'zod';

import { TokenResponse } from '../sessions/sessions.schema.js';
import { AccessTokenClaims } from '../tokens/claims.js';
import { namesOf, type FormParameters } from './forms.js';

/** With a refresh token only for the refresh_token grant. */
export const OAuthTokens = TokenResponse.partial({
  refresh_token: true,
  refresh_expires_in: true,
}).meta({ id: 'OAuthTokens' });
export type OAuthTokens = z.infer<typeof OAuthTokens>;

/** What a token is worth (RFC 7662 section 2.2). Of one that is worth nothing, nothing else is said. */
export const Introspection = z
  .object({
    active: z.boolean(),
    token_type: z.literal('Bearer').optional(),
    ...AccessTokenClaims.partial().shape,
  })
  .meta({ id: 'Introspection' });
export type Introspection = z.infer<typeof Introspection>;

const ERROR = {
  type: 'object',
  properties: {
    error: { type: 'string', description: 'what clients switch on' },
    error_description: { type: 'string' },
  },
  required: ['error', 'error_description'],
  additionalProperties: false,
};

/** Documents that a controller answers errors in the form of RFC 6749, and as no problem. */
export const ApiOAuthErrors = (): ClassDecorator & MethodDecorator =>
  ApiDefaultResponse({
    description: 'An error (RFC 6749 section 5.2)',
    content: { 'application/json': { schema: ERROR } },
  });

export const TOKEN_FORM: FormParameters = {
  required: ['grant_type'],
  optional: ['scope', 'resource', 'refresh_token', 'token_format'],
};

/** Of the endpoints for revocation and introspection. */
export const PRESENTED_TOKEN_FORM: FormParameters = {
  required: ['token'],
  optional: ['token_type_hint'],
};

/** The OpenAPI schema of a form. */
export function formSchema(parameters: FormParameters) {
  return {
    type: 'object',
    properties: Object.fromEntries(namesOf(parameters).map((name) => [name, { type: 'string' }])),
    required: [...parameters.required],
  };
}
