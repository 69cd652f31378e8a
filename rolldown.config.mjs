// The last step of an app's build: the program and all that it imports become one file, which Node
// loads in half the time that it takes to find and read some two thousand.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'rolldown';

const programs = ['compiled/main.js', 'compiled/admin.js', 'compiled/audit.js'];

const isForeign = (id) => id.includes('/node_modules/');

/** Left to Node: native code, a package of which files are served, and what Nest would fall back on. */
const external = [/^@node-rs\//, /^swagger-ui-dist/, '@nestjs/platform-express'];

/** Errors name lines of our sources. Maps of packages would be ten megabytes. */
const sourceMaps = {
  name: 'source-maps',
  load(id) {
    const map = `${id}.map`;
    if (isForeign(id) || !existsSync(map)) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(map, 'utf8') };
  },
  transform: (code, id) => (isForeign(id) ? { code, map: { mappings: '' } } : null),
  // Node would measure the lines of all packages at each start, for a map that is empty.
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || chunk.map?.mappings.replaceAll(';', '') !== '') continue;
      delete bundle[`${chunk.fileName}.map`];
      chunk.code = chunk.code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
    }
  },
};

/** `@nestjs/typeorm` loads a second copy of TypeORM at each start, to look for what version 1 has no more. */
const oneTypeorm = {
  name: 'one-typeorm',
  transform: (code, id) =>
    id.endsWith('/@nestjs/typeorm/dist/common/typeorm-compat.js')
      ? 'export const Connection = undefined, AbstractRepository = undefined;'
      : null,
};

/**
 * Packages for specs of jwt-core, which Nest would find here and load at each start. In an
 * installation of the apps they are absent, and so they are for a bundle.
 */
const absent = {
  name: 'absent',
  resolveId: (id) =>
    /^(@nestjs\/(microservices|websockets)|graphql)(\/|$)/.test(id)
      ? { id: `@absent/${id.replaceAll('/', '-')}`, external: true }
      : null,
};

/** The console's page goes into the folder of the app that serves it. */
const consolePage = {
  name: 'console-page',
  generateBundle() {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    if (!devDependencies['@jwt-auth/console']) return;
    const page = path.join(import.meta.dirname, 'apps/console/dist');
    for (const entry of readdirSync(page, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      const fileName = `console/${path.relative(page, file).replaceAll(path.sep, '/')}`;
      this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
    }
  },
};

/** jwt-core as it was compiled, with maps, rather than as it is published. */
const { compilerOptions } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'tsconfig.base.json'), 'utf8'),
);
const alias = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([name, [source]]) => [
    `${name}$`,
    path.join(import.meta.dirname, source.replace('/src/', '/compiled/').replace(/ts$/, 'js')),
  ]),
);

export default defineConfig({
  input: programs.filter((program) => existsSync(program)),
  platform: 'node',
  external,
  resolve: { alias },
  plugins: [sourceMaps, oneTypeorm, absent, consolePage],
  onLog(level, log, report) {
    // Packages try whether others are there, such as a driver of another database.
    if (log.code === 'UNRESOLVED_IMPORT' && isForeign(log.id ?? '')) return;
    report(level === 'warn' ? 'error' : level, log);
  },
  output: {
    dir: 'dist',
    cleanDir: true,
    format: 'esm',
    sourcemap: true,
    // Logs and Nest's errors name classes.
    keepNames: true,
    // V8 keeps a source whole, in two bytes a character if but one is beyond Latin-1: twelve megabytes
    // for six, of which a good part is comments.
    comments: { legal: true, annotation: false, jsdoc: false },
    minify: {
      compress: false,
      mangle: false,
      codegen: { removeWhitespace: false, asciiOnly: true, legalComments: 'inline' },
    },
    // In a file of its own, or what has no map would be taken for what precedes it in the map.
    codeSplitting: { groups: [{ name: 'packages', test: /node_modules/, tags: ['$initial'] }] },
  },
});
