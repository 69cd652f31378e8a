import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '@jwt-auth/dev-stack';

/** What came of a command. */
export interface Run {
  code: number | string | null | undefined;
  /** All that was printed. */
  shown: string;
}

/** Runs `npm run admin -- …` in production, with this text on its standard input. */
export function runAdmin(
  database: string,
  args: string[],
  input = '',
  env: Record<string, string> = {},
): Promise<Run> {
  return run('admin.mjs', database, args, input, env);
}

/** Runs `npm run audit -- …` in production. */
export function runAudit(database: string, args: string[]): Promise<Run> {
  return run('audit.mjs', database, args);
}

function run(
  command: string,
  database: string,
  args: string[],
  input = '',
  env: Record<string, string> = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const settings = { PATH: process.env['PATH'], NODE_ENV: 'production', DATABASE_URL: database };
    const child = execFile(
      process.execPath,
      [join(ROOT, 'apps/auth', command), ...args],
      { env: { ...settings, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, shown: stdout + stderr }),
    );
    // It may have ended without reading it.
    child.stdin?.on('error', () => undefined).end(input);
  });
}
