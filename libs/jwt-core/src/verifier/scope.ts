/** One scope: visible ASCII but for quote and backslash (RFC 6749 section 3.3). */
export const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Any number of scopes, separated by spaces. */
export const SCOPE_LIST = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** The scopes of a `scope` parameter or claim. */
export function splitScope(scope: string): string[] {
  const scopes = scope.split(' ');
  return scopes.includes('') ? scopes.filter((each) => each !== '') : scopes;
}
