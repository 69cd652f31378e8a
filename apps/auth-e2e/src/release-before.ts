import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { appNamed, ROOT, type App } from '@jwt-auth/dev-stack';
import { releaseBefore } from '@jwt-auth/dev-stack/vitest';
import { rolldown } from 'rolldown';

/** What ran until now, and runs beside this release during an upgrade. */
const { name: release } = releaseBefore(
  pathToFileURL(path.join(ROOT, 'apps/auth/src/database/landed/')),
);

/** Whether it has a version. What ran before the first one is named by its date and commit. */
const isVersion = /^\d+\.\d+\.\d+$/.test(release);

/** A tag or a commit. */
const revision = isVersion ? `v${release}` : release.replace(/^.*-/, '');

/** The oldest major version of Postgres that it runs on. */
export const oldestPostgres = isVersion ? 14 : 15;

/** In node_modules, where the packages of its sources are found. */
const folder = path.join(ROOT, 'node_modules/.cache/release-before', revision);

export type AppName = 'auth' | 'orders';

/** Whether the history of this checkout has the release before. */
export function hasReleaseBefore(): boolean {
  try {
    git('cat-file', '-e', `${revision}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** Builds both apps of the release before, from their sources in git and the installed packages. */
export async function buildReleaseBefore(): Promise<Record<AppName, App>> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'node_modules/@jwt-auth'), { recursive: true });
  const archive = git('archive', revision, 'apps', 'libs', 'tsconfig.base.json');
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  for (const library of ['chassis', 'jwt-core']) {
    symlinkSync(`../../libs/${library}`, path.join(folder, 'node_modules/@jwt-auth', library));
  }
  return { auth: await build('auth'), orders: await build('orders') };
}

async function build(name: AppName): Promise<App> {
  const main = path.join(folder, 'apps', name, 'dist/main.js');
  const bundle = await rolldown({
    cwd: folder,
    input: path.join(folder, 'apps', name, 'src/main.ts'),
    platform: 'node',
    tsconfig: false,
    // Packages are left to Node, but for those of this repository and rolldown's own.
    external: (id) => !/^([./]|@jwt-auth\/|@oxc-project\/)/.test(id),
    resolve: {
      alias: sourcesByName(),
      conditionNames: ['@jwt-auth/source', 'node', 'import', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    transform: {
      assumptions: { setPublicClassFields: true },
      typescript: { removeClassFieldsWithoutInitializer: true },
      decorator: { legacy: true, emitDecoratorMetadata: true },
    },
  });
  await bundle.write({ dir: path.dirname(main), format: 'esm', keepNames: true });
  await bundle.close();
  return { ...appNamed(name), main };
}

/** The libraries of that release which name no sources in their manifest, by the names that apps import. */
function sourcesByName(): Record<string, string> {
  const text = readFileSync(path.join(folder, 'tsconfig.base.json'), 'utf8');
  const { compilerOptions } = JSON.parse(text) as {
    compilerOptions: { paths?: Record<string, [string]> };
  };
  const paths = Object.entries(compilerOptions.paths ?? {});
  return Object.fromEntries(
    paths.map(([name, [source]]) => [`${name}$`, path.join(folder, source)]),
  );
}

function git(...args: string[]): Buffer {
  const options = { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] as 'pipe'[] };
  return execFileSync('git', ['-C', ROOT, ...args], options);
}
