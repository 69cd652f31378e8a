// `npm run audit -- export`: says so when the app is not built yet.
import { existsSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

const built = new URL('./dist/audit.js', import.meta.url);
if (!existsSync(fileURLToPath(built))) {
  console.error('The auth app is not built yet. Run `npm run build` first.');
  process.exit(1);
}
await import(built.href);
