import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '@jwt-auth/dev-stack';

const COMMAND = join(ROOT, 'apps/auth/admin.mjs');

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
  return new Promise((resolve) => {
    const settings = { PATH: process.env['PATH'], NODE_ENV: 'production', DATABASE_URL: database };
    const command = execFile(
      process.execPath,
      [COMMAND, ...args],
      { env: { ...settings, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, shown: stdout + stderr }),
    );
    // It may have ended without reading it.
    command.stdin?.on('error', () => undefined).end(input);
  });
}
