import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../stack/app.js';

/** What a tiny app does besides being ready. */
const BEHAVIOURS = {
  works: '',
  neverReady: 'state.status = 503;',
  endsAtStart: `console.error('no database'); process.exit(3);`,
  ignoresTheEnd: `process.on('SIGTERM', () => {});`,
} as const;

/**
 * Writes a real HTTP server as small as can be. `GET /end` ends it with code 7, `GET /env?NAME`
 * returns a setting, everything else is answered with its `name`.
 */
export function tinyApp(
  directory: string,
  name: string,
  { behaviour = 'works', port = 0 }: { behaviour?: keyof typeof BEHAVIOURS; port?: number } = {},
): App {
  const main = join(directory, `${name}.mjs`);
  const portSetting = `${name.toUpperCase()}_PORT`;
  writeFileSync(
    main,
    `import { createServer } from 'node:http';
const state = { status: 200 };
${BEHAVIOURS[behaviour]}
createServer(({ url }, response) => {
  if (url === '/end') { console.error('asked to end'); process.exit(7); }
  if (url.startsWith('/env?')) return response.end(process.env[url.slice(5)] ?? '');
  response.writeHead(url === '/health/ready' ? state.status : 200).end('${name}');
}).listen(process.env.${portSetting}, '127.0.0.1', () => console.log('${name} listens'));
`,
  );
  const databaseSetting = `${name.toUpperCase()}_DATABASE_URL`;
  return { name, main, portSetting, defaultPort: port, databaseSetting, database: name };
}
