import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { ROOT } from '@jwt-auth/dev-stack';

const LEFT_OUT = ['.data', '.git', '.nx', 'compiled', 'dist', 'dist-spec', 'node_modules'];

/** Every file of the repository that is not built or installed, from its root. */
export function filesOf(folder = ''): string[] {
  return readdirSync(resolve(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.includes(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesOf(path) : [path];
  });
}

export const read = (file: string) => readFileSync(resolve(ROOT, file), 'utf8');
