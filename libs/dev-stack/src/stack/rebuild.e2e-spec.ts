import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { Launched } from '../testing/launched.fixture.js';
import { descendants, survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';
import type { App } from './app.js';

/** Builds an app by a copy, and fails as a compiler does. */
const BUILD = `
import { copyFileSync, readFileSync } from 'node:fs';
for (const name of ['left', 'right']) {
  const source = new URL(\`sources/\${name}/\${name}.mjs\`, import.meta.url);
  if (readFileSync(source, 'utf8').includes('BROKEN')) {
    console.error(\`\${name}.mjs does not compile\`);
    process.exit(1);
  }
  copyFileSync(source, new URL(\`\${name}/\${name}.mjs\`, import.meta.url));
}`;

let directory: string;
let left: App;
let right: App;
let launcher: Launched;
let postgres: string;

const postmaster = () => readFileSync(join(directory, 'postgres/postmaster.pid'), 'utf8');
const source = (name: string) => join(directory, `sources/${name}/${name}.mjs`);
const answer = async ({ defaultPort }: App) =>
  (await fetch(`http://127.0.0.1:${defaultPort}/`)).text();

/** Writes the source of an app as editors do: another file, which takes its name. */
function edit(app: App, change: (program: string) => string): void {
  const draft = `${source(app.name)}~`;
  writeFileSync(draft, change(readFileSync(source(app.name), 'utf8')));
  renameSync(draft, source(app.name));
}
const rename = (app: App, to: string) =>
  edit(app, (program) => program.replace(/\.end\('.*'\)/, `.end('${to}')`));

/** Waits until a change is built and the apps were started again, of which `right` is the last one. */
async function restarted(change: () => void): Promise<void> {
  const restarts = () => launcher.output.split('right restarted.').length;
  const before = restarts();
  change();
  await expect.poll(restarts, { timeout: 60_000 }).toBe(before + 1);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, 'build.mjs'), BUILD);
  for (const folder of ['sources/left', 'sources/right', 'left', 'right']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  for (const name of ['left', 'right']) tinyApp(join(directory, 'sources', name), name);
  left = tinyApp(join(directory, 'left'), 'left', { port: await freePort() });
  right = tinyApp(join(directory, 'right'), 'right', { port: await freePort() });
  launcher = Launched.start({
    directory,
    apps: [left, right],
    rebuild: {
      sources: [join(directory, 'sources')],
      builtAt: Date.now(),
      buildArgs: [join(directory, 'build.mjs')],
    },
  });
  await launcher.says('Waiting for changes');
});
beforeEach(() => {
  postgres = postmaster();
});
afterEach(() => expect(postmaster(), 'the embedded Postgres stays').toBe(postgres));
afterAll(async () => {
  const below = descendants(launcher.pid);
  launcher.kill('SIGTERM');
  expect(await launcher.ended).toBe(0);
  expect(await survivors(below, 0)).toEqual([]);
  rmSync(directory, { recursive: true });
});

describe('npm run dev', { timeout: 90_000 }, () => {
  it('builds after a change and restarts the apps', async () => {
    expect(await answer(right)).toBe('right');
    const others = descendants(launcher.pid);
    await restarted(() => rename(left, 'left again'));
    expect(await answer(left)).toBe('left again');
    const kept = descendants(launcher.pid).filter((pid) => others.includes(pid));
    // Only the two apps and their watchdogs were replaced.
    expect(kept).toHaveLength(others.length - 4);
  });

  it('restarts them after a change of a file that no build takes in', async () => {
    const others = descendants(launcher.pid);
    await restarted(() => writeFileSync(join(directory, 'sources/left/mail.txt'), 'a template'));
    const kept = descendants(launcher.pid).filter((pid) => others.includes(pid));
    expect(kept).toHaveLength(others.length - 4);
  });

  it('keeps the apps when a build fails, says why, and goes on with the next change', async () => {
    edit(left, (program) => `${program}// BROKEN`);
    await launcher.says('left.mjs does not compile');
    await launcher.says('The build failed');
    expect(await answer(left)).toBe('left again');
    await restarted(() =>
      edit(left, (program) =>
        program.replace('// BROKEN', '').replace('left again', 'left mended'),
      ),
    );
    expect(await answer(left)).toBe('left mended');
  });

  it('shows why an app ended, and starts it again after the next change', async () => {
    await fetch(`http://127.0.0.1:${right.defaultPort}/end`).catch(() => undefined);
    await launcher.says('right ended (exit code 7)');
    await launcher.says('asked to end');
    await restarted(() => writeFileSync(join(directory, 'sources/note.txt'), 'of no app'));
    expect(await answer(right)).toBe('right');
  });

  it('shows why a new build does not start, and goes on', async () => {
    await restarted(() =>
      edit(left, (program) => `console.error('no such table'); process.exit(3);\n${program}`),
    );
    await launcher.says('left ended before it was ready (exit code 3)');
    await restarted(() => edit(left, (program) => program.slice(program.indexOf('\n') + 1)));
    expect(await answer(left)).toBe('left mended');
  });
});
