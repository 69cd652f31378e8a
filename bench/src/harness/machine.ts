import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** Where and with what a run was made. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** Runnable processes of the last minute, before the run: above 0, it was not alone. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function circumstances(packages: readonly string[]): Circumstances {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const [loadBefore = 0] = loadavg();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? arch()}, ${gigabytes} GB, ${platform()} ${arch()}`,
    node: `${process.version}, OpenSSL ${process.versions.openssl}`,
    loadBefore: Math.round(loadBefore * 10) / 10,
    versions: Object.fromEntries(packages.map((name) => [name, installedVersion(name)])),
  };
}

const { resolve } = createRequire(import.meta.url);

/** From the file itself: most packages do not export their package.json. */
function installedVersion(name: string): string {
  for (let directory = dirname(resolve(name)); ; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    const found = readPackage(file);
    if (found?.name === name && found.version) return found.version;
    if (directory === dirname(directory)) throw new Error(`The version of ${name} is not found`);
  }
}

function readPackage(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
