#!/usr/bin/env node
// What `npx @jwt-auth/jwt-core` runs. Not in `dist`, as npm links it before that is built.
import attack from './dist/core/attack.js';

process.exitCode = await attack.runCli(process.argv.slice(2));
