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

/**
 * Reads the settings of an app from its environment, through a schema whose members are the names
 * of the variables. An empty variable counts as one that is not set; unknown ones are ignored.
 *
 * @throws SettingsError naming every wrong variable at once. It never holds a value, which may be
 *   a secret.
 */
export function parseSettings<T>(schema: z.ZodType<T>, environment: Environment): T {
  const given = Object.entries(environment).filter(([, value]) => value?.trim());
  const result = schema.safeParse(Object.fromEntries(given));
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.map(({ path, message }) => ({
      variable: path.map(String).join('.') || 'settings',
      message,
    })),
  );
}
