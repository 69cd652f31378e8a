import 'reflect-metadata';

import { runAdminCommand } from './cli/admin-command.js';

process.exitCode = await runAdminCommand(process.argv.slice(2), {
  input: process.stdin,
  output: process.stderr,
  results: process.stdout,
});
