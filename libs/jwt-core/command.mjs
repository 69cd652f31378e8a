#!/usr/bin/env node
// What `npx @jwt-auth/jwt-core` runs. It is not in `dist`: npm links it before anything is built.
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

const built = new URL('./dist/core/attack.js', import.meta.url);
if (!existsSync(fileURLToPath(built))) {
  console.error('jwt-core is not built yet. Run `npm run build` first.');
  process.exit(1);
}
const { default: attack } = await import(built.href);
process.exitCode = await attack.runCli(process.argv.slice(2));
