import { dirname, join, relative, resolve } from 'node:path';

import { ROOT } from '@jwt-auth/dev-stack';
import { describe, expect, it } from 'vitest';

import { filesOf, read } from './files.js';

const files = filesOf();
const folders = new Set(files.flatMap((file) => parents(file)));
const pages = files.filter((file) => file.endsWith('.md'));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** A path of this repository, as inline code. */
const PATH = /`((?:apps|libs|bench|chaos|docs|examples|\.ci|\.github|\.vscode)\/[\w./*<>-]*)`/g;
const LINK = /\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)/g;
const SCRIPT = /npm run ([\w:-]+)/g;
/** The end of a block of commands, a change of the folder, or a spec that Vitest runs there. */
const VITEST = /```|^cd (\S+)|npx vitest .*?(src\/[\w./-]+)/gm;

const matches = (page: string, pattern: RegExp) => [...read(page).matchAll(pattern)];

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', () => {
    const broken = matches(page, LINK).filter(([, path = '', heading]) => {
      const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
      if (!exists(target)) return true;
      return heading !== undefined && !headingsOf(target).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('names paths that exist', () => {
    const missing = matches(page, PATH).filter(([, path = '']) => !exists(path));
    expect(missing.map(([, path]) => path)).toEqual([]);
  });

  it('names scripts that exist', () => {
    const missing = matches(page, SCRIPT).filter(([, script = '']) => !(script in scripts));
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  it('runs specs that exist in the folder of the command', () => {
    let folder = '';
    const missing: string[] = [];
    for (const [command, next, spec] of matches(page, VITEST)) {
      if (spec === undefined) folder = next === undefined ? '' : join(folder, next);
      else if (!isIn(folder, spec)) missing.push(command);
    }
    expect(missing).toEqual([]);
  });
});

/** Whether there is a file or a folder of this name, or one that matches it when it holds `*` or `<name>`. */
function exists(path: string): boolean {
  const name = path.replace(/\/$/, '');
  const isBuilt = /(?:^|\/)(?:dist|results|test-results)(?:\/|$)/.test(name);
  if (isBuilt) return exists(name.replace(/\/(?:dist|results|test-results)(?:\/.*)?$/, ''));
  if (!/[*<]/.test(name)) return files.includes(name) || folders.has(name);
  const pattern = name.replace(/[.+]/g, String.raw`\$&`).replace(/<\w+>|\*/g, '[^/]+');
  const form = new RegExp(`^${pattern}$`);
  return [...files, ...folders].some((file) => form.test(file));
}

/** @param folder empty: that of any package */
const isIn = (folder: string, spec: string) =>
  folder === '' ? files.some((file) => file.endsWith(`/${spec}`)) : exists(join(folder, spec));

/** The anchors that GitHub makes of a page's headings. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function parents(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...parents(folder)];
}
