/** What keeps the stack from running. `message` is for the user at the terminal. */
export type DevStackErrorCode =
  | 'account_missing'
  | 'binaries_missing'
  | 'directory_unusable'
  | 'server_running'
  | 'port_taken'
  | 'did_not_start'
  | 'ended'
  | 'setting_invalid';

/** Why the stack does not run: one sentence that names the cause and the setting to change. */
export class DevStackError extends Error {
  override readonly name = 'DevStackError';
  constructor(
    readonly code: DevStackErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The `code` of a system error (`ENOENT`) or of Postgres (`42P04`), `''` for any other value. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
