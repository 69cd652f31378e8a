import type { z } from 'zod';

import { readSettingFiles } from './setting-files.js';

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting that is wrong: which variable, and what it should be. Never its value. */
export interface SettingProblem {
  readonly variable: string;
  readonly message: string;
}

/** The settings are wrong. `message` lists every problem, a line each, and is fit to be shown. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly SettingProblem[]) {
    super(
      ['The settings are wrong:', ...problems.map((p) => `  ${p.variable}: ${p.message}`)].join(
        '\n',
      ),
    );
  }
}

/** Whether `NODE_ENV` says so, read as the schema of a service reads it. */
export function isProduction({ NODE_ENV }: Environment): boolean {
  return NODE_ENV?.trim().toLowerCase() === 'production';
}

/** What Kubernetes sets as `AUTH_PORT` in every container beside a service named `auth`. */
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\/\S+$/;

/**
 * Reads the settings of an app from its environment, through a schema whose members are the names
 * of the variables. Each may be given as a file, by its name with `_FILE`. An empty variable counts as one that is not set; unknown ones are ignored, and
 * so is a port that is the address of a Kubernetes service.
 *
 * @param warn gets a line for each variable of the schema that is ignored
 * @throws SettingsError naming every wrong variable at once. It never holds a value, which may be
 *   a secret.
 */
export function parseSettings<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
  warn: (message: string) => void = () => undefined,
): z.output<Schema> {
  const files = readSettingFiles(Object.keys(schema.shape), environment);
  const given = Object.entries(files.values).filter(([name, value]) => {
    if (!value?.trim()) return false;
    if (!/(?:^|_)PORT$/.test(name) || !SERVICE_ADDRESS.test(value.trim())) return true;
    if (name in schema.shape) {
      warn(`${name} is ignored: it is the address of a Kubernetes service, and no port`);
    }
    return false;
  });
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success && files.problems.length === 0) return result.data;
  const unread = new Set(files.problems.map(({ variable }) => variable));
  const others = (result.error?.issues ?? []).map(({ path, message }) => ({
    variable: path.map(String).join('.') || 'settings',
    message,
  }));
  // Not that a setting is missing whose file could not be read.
  const left = others.filter(({ variable }) => !unread.has(`${variable}_FILE`));
  throw new SettingsError([...files.problems, ...left]);
}
