import { closeSync, openSync, readSync } from 'node:fs';
import type { z } from 'zod';

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

/** More than any secret, and little enough to read a wrong path such as a disk. */
const MOST_BYTES = 64 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Fills in the settings that are given as files: `NAME_FILE` is the path of a file with the value of
 * `NAME`, as secrets are mounted. White space at the ends of the file is no part of the value.
 *
 * @param names of the settings
 * @returns the variables with those values, and what is wrong. No problem repeats a path or a value:
 *   a secret may have been put in the wrong variable.
 */
function readSettingFiles(names: readonly string[], environment: Environment) {
  const values: Record<string, string | undefined> = { ...environment };
  const problems: SettingProblem[] = [];
  for (const name of names) {
    const variable = `${name}_FILE`;
    const path = environment[variable];
    if (!path?.trim()) continue;
    if (environment[name]?.trim()) {
      problems.push({ variable, message: `is set, and so is ${name}: set only one of them` });
      continue;
    }
    const content = readSmallFile(path);
    if ('problem' in content) problems.push({ variable, message: content.problem });
    else values[name] = content.text;
  }
  return { values, problems };
}

function readSmallFile(path: string): { text: string } | { problem: string } {
  try {
    const bytes = readAtMost(path, MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) return { problem: 'the file has more than 64 KiB' };
    const text = utf8.decode(bytes).trim();
    return text === '' ? { problem: 'the file is empty' } : { text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { problem: 'the file is not text' };
    // Such as ENOENT; also a path with a NUL, which has a code of Node's.
    if (code !== undefined) return { problem: `the file cannot be read (${code})` };
    throw error;
  }
}

/** Not `readFileSync`, which would read a device or a large file to its end. */
function readAtMost(path: string, most: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read) {
      read = readSync(file, bytes, length, most - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
