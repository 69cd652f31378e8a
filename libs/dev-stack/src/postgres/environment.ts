/** Of the caller's environment a server gets the path alone: `PGDATA` and its like must not leak. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
