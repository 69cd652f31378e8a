import 'reflect-metadata';

import { runAuditCommand } from './cli/audit-command.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  // A reader that went away, as `head` does, has what it wanted.
  process.exit(0);
});
process.exitCode = await runAuditCommand(process.argv.slice(2), {
  results: process.stdout,
  output: process.stderr,
});
