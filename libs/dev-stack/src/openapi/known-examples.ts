import type { KnownExamples } from './examples.js';

/** What the documents of auth and orders cannot say of their members and parameters. */
export function knownExamples(newEmail: () => string, password: string): KnownExamples {
  return {
    email: newEmail,
    password: () => password,
    passwordHash: () => undefined,
    // Only an answer has one.
    cursor: () => undefined,
    roles: () => ['user'],
    scopes: () => [],
    audiences: () => ['api'],
    currency: () => 'EUR',
    grant_type: () => 'client_credentials',
    // The Authorization header has them.
    client_id: () => undefined,
    client_secret: () => undefined,
  };
}
