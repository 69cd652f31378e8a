import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

/** The text of a file, by its path from the root of the repository. */
export const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Whether there is such a file or folder. */
export const exists = (path: string): boolean => existsSync(fileURLToPath(new URL(path, ROOT)));

/** The apps of this repository: each has an image. */
export const APPS = readdirSync(new URL('apps', ROOT)).filter((app) =>
  exists(`apps/${app}/Dockerfile`),
);

/** As names of databases, roles and secrets have it. */
export const snakeCase = (app: string): string => app.replaceAll('-', '_');

/** The prefix of the settings of an app. */
export const prefixOf = (app: string): string => snakeCase(app).toUpperCase();

/** Every setting of the apps: `.env.example` documents them all. */
const SETTINGS = new Set(
  [...read('.env.example').matchAll(/^# ([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name),
);

const IS_SECRET =
  /(^|_)(DATABASE_URL|SMTP_URL|OTEL_EXPORTER_OTLP_HEADERS|KEY_ENCRYPTION_KEY(_PREVIOUS)?|\w*SECRET|\w*PASSWORD)$/;

/** The mistake in a variable of an app: it does not exist, or is a secret that is no file. */
export function settingProblem(name: string): string | undefined {
  if (IS_SECRET.test(name)) return `${name} is a secret: mount it, and set ${name}_FILE`;
  const setting = name.replace(/_FILE$/, '');
  return SETTINGS.has(name) || SETTINGS.has(setting) ? undefined : `${name} is no setting`;
}
