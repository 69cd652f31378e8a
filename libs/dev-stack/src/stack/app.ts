import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevStackError } from '../errors.js';

/** The directory of the repository, from the sources and from dist alike. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A program of the stack, as data. */
export interface App {
  name: string;
  /** The built program, absolute or from the root of the repository. */
  main: string;
  /** The setting with its port, and the port without it. */
  portSetting: string;
  defaultPort: number;
  /** The setting with the address of its database, and what that is called when we make it. */
  databaseSetting: string;
  database: string;
  /** The setting with the address of a mail server, of an app that sends mail. */
  mailSetting?: string | undefined;
}

/** The member `devStack` in the package.json of an app. Only such an app belongs to the stack. */
interface StackMember {
  port: number;
  /** Default: `<NAME>_DATABASE_URL`. */
  databaseSetting?: string;
  /** Of an app that sends mail: it gets the address of a mailbox there. */
  mailSetting?: string;
}

/**
 * The apps of a repository, by their default ports: each folder in `apps` with a `package.json` that
 * has the member `devStack`.
 * @throws DevStackError `setting_invalid` for a port that is missing, or that two apps have
 */
export function findApps(root: string): App[] {
  const apps = readdirSync(join(root, 'apps')).flatMap((folder) => readApp(root, folder));
  const ports = new Map<number, App>();
  for (const app of apps) {
    const other = ports.get(app.defaultPort);
    if (other) {
      const both = `${other.name} and ${app.name}`;
      throw invalid(`${both} have the same port ${app.defaultPort} in devStack`);
    }
    ports.set(app.defaultPort, app);
  }
  return apps.sort((one, other) => one.defaultPort - other.defaultPort);
}

function readApp(root: string, folder: string): App[] {
  const manifest = join(root, 'apps', folder, 'package.json');
  if (!existsSync(manifest)) return [];
  const { devStack } = JSON.parse(readFileSync(manifest, 'utf8')) as { devStack?: StackMember };
  if (devStack === undefined) return [];
  const prefix = folder.toUpperCase().replaceAll('-', '_');
  const { port: defaultPort, databaseSetting = `${prefix}_DATABASE_URL`, mailSetting } = devStack;
  if (!Number.isInteger(defaultPort)) throw invalid(`devStack of ${folder} needs a port`);
  return [
    {
      name: folder,
      main: `apps/${folder}/dist/main.js`,
      portSetting: `${prefix}_PORT`,
      defaultPort,
      databaseSetting,
      database: folder,
      mailSetting,
    },
  ];
}

function invalid(problem: string): DevStackError {
  return new DevStackError('setting_invalid', `${problem}: see apps/*/package.json.`);
}

/** @throws DevStackError `did_not_start` if this repository has none of this name */
export function appNamed(name: string): App {
  const apps = findApps(ROOT);
  const app = apps.find((one) => one.name === name);
  if (app) return app;
  const known = apps.map((one) => one.name).join(', ');
  throw new DevStackError('did_not_start', `There is no app ${name}, only ${known}.`);
}
