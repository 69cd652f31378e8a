import { readFileSync } from 'node:fs';

/** Which program runs. */
export interface Build {
  /** Of its package, as `0.1.0`. */
  readonly version: string;
  /** Of its sources, or `unknown`. */
  readonly commit: string;
}

/** The version that a `package.json` has. @throws Error if it has none */
export function versionIn(packageFile: URL): string {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version?: unknown };
  if (typeof version !== 'string') throw new Error(`There is no version in ${packageFile.href}`);
  return version;
}
