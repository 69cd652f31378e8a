/**
 * Where jwt-core reports that something was lost or is back: once for each change, not for each
 * attempt or request. Nest's `Logger` is one.
 */
export interface JwtCoreLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
