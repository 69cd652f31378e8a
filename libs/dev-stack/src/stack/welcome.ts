import type { App } from './app.js';
import { DEMO } from './demo.js';
import { reachable } from './running-app.js';
import type { StackSettings } from './settings.js';
import type { Stack } from './stack.js';

export interface Welcome {
  apps: readonly App[];
  settings: StackSettings;
  stack: Stack;
  logDir: string;
  seconds: number;
}

/** What a developer needs who has just started the stack. */
export function welcome({ apps, settings, stack, logDir, seconds }: Welcome): string {
  const address = (app: App) => `http://${browsable(settings.host)}:${settings.portOf(app)}`;
  const issuer = apps.find(({ name }) => name === 'auth');
  const lines = [
    `Ready after ${seconds.toFixed(1)} s.`,
    '',
    ...(issuer && settings.hasConsole ? [row('console', `${address(issuer)}/console`)] : []),
    ...apps.map((app) => row(app.name, `${address(app)}   its API: ${address(app)}/docs`)),
    ...postgresRows(stack, apps),
    row('logs', logDir),
    ...(stack.mailbox ? [row('mailbox', `${stack.mailbox.pageUrl}   what auth has sent`)] : []),
  ];
  const { demoPassword } = settings;
  if (demoPassword === undefined) return [...lines, '', STOP].join('\n');
  const [auth, orders] = ['auth', 'orders'].map((name) => {
    const app = apps.find((one) => one.name === name);
    return app && address(app);
  });
  return [
    ...lines,
    row('users', `${DEMO.ada.email} (user), ${DEMO.admin.email} (user and admin)`),
    row('password', demoPassword),
    '',
    ...(auth && orders ? walkThrough({ auth, orders, password: demoPassword }) : []),
    '',
    STOP,
  ].join('\n');
}

const STOP = 'Ctrl-C stops everything.';

/** Longer names than eight letters move their own line alone. */
const row = (name: string, text: string) => `  ${name.padEnd(8)}  ${text}`;

/** Where a browser on this machine finds a server that listens there. */
function browsable(host: string): string {
  const found = reachable(host);
  return ['127.0.0.1', '[::1]'].includes(found) ? 'localhost' : found;
}

function postgresRows({ embeddedPostgres }: Stack, apps: readonly App[]): string[] {
  // That address may hold a password, which is not ours to show.
  if (!embeddedPostgres) return [row('Postgres', 'that of DATABASE_URL')];
  return [
    row('Postgres', embeddedPostgres.url(apps[0]?.database)),
    row('data', embeddedPostgres.dataDir),
  ];
}

export interface WalkThrough {
  /** Addresses of the two apps. */
  auth: string;
  orders: string;
  password: string;
}

/**
 * The main job as shell commands: each is one line, and works pasted into a plain POSIX shell with
 * curl and node.
 */
export function walkThrough({ auth, orders, password }: WalkThrough): string[] {
  const login = quote(JSON.stringify({ email: DEMO.ada.email, password }));
  const order = quote(
    JSON.stringify({ currency: 'EUR', items: [{ sku: 'tea', quantity: 2, unitPrice: 450 }] }),
  );
  const json = `-H 'content-type: application/json'`;
  const bearer = '-H "authorization: Bearer $TOKEN"';
  const timed = (what: string) => String.raw`-w '\n${what}: %{http_code} in %{time_total} s\n'`;
  const token = `node -p 'JSON.parse(require("fs").readFileSync(0)).access_token'`;
  return [
    'Try it, line by line, in another terminal:',
    '',
    '# Log in',
    `TOKEN=$(curl -s ${auth}/auth/login ${json} -d ${login} | ${token})`,
    '# Place an order; orders checks the token by itself',
    `curl -s ${orders}/orders ${bearer} ${json} -d ${order} ${timed('order')}`,
    '# Log out: the token is revoked, long before it expires',
    `curl -s -X POST ${auth}/auth/logout ${bearer} ${timed('logout')}`,
    '# Orders refuses it, without a request to auth: 401 token_revoked',
    `for i in 1 2 3; do curl -s ${orders}/orders ${bearer} ${timed('orders')}; sleep 0.1; done`,
  ];
}

/** For a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
