import type { App } from './app.js';
import type { StackSettings } from './settings.js';
import type { Stack } from './stack.js';
import { walkThrough } from './walk-through.js';

export interface Welcome {
  apps: readonly App[];
  settings: StackSettings;
  stack: Stack;
  logDir: string;
  seconds: number;
}

/** What a person needs who has just started the stack. */
export function welcome({ apps, settings, stack, logDir, seconds }: Welcome): string {
  const address = (app: App) => `http://${browsable(settings.host)}:${settings.portOf(app)}`;
  const lines = [
    `Ready after ${seconds.toFixed(1)} s.`,
    '',
    ...apps.map((app) => row(app.name, `${address(app)}   its API: ${address(app)}/docs`)),
    row('Postgres', postgresAddress(settings, stack, apps)),
    row('data', stack.embeddedPostgres?.dataDir ?? 'in the Postgres of DATABASE_URL'),
    row('logs', logDir),
  ];
  const { demoPassword } = settings;
  if (demoPassword === undefined) return [...lines, '', STOP].join('\n');
  const [auth, orders] = ['auth', 'orders'].map((name) => {
    const app = apps.find((one) => one.name === name);
    return app && address(app);
  });
  return [
    ...lines,
    row('people', `ada@example.com (user), admin@example.com (user and admin)`),
    row('password', demoPassword),
    '',
    ...(auth && orders ? walkThrough({ auth, orders, password: demoPassword }) : []),
    '',
    STOP,
  ].join('\n');
}

const STOP = 'Ctrl-C stops everything.';

const row = (name: string, text: string) => `  ${name.padEnd(10)}${text}`;

/** Where a browser on this machine finds a server that listens there. */
function browsable(host: string): string {
  const isHere = ['0.0.0.0', '::', '::1', '127.0.0.1'].includes(host);
  return isHere ? 'localhost' : host;
}

function postgresAddress(settings: StackSettings, stack: Stack, apps: readonly App[]): string {
  if (stack.embeddedPostgres) return stack.embeddedPostgres.url(apps[0]?.database);
  const url = new URL(settings.databaseUrl ?? '');
  // That password is not ours to show.
  if (url.password) url.password = '***';
  return url.href;
}
