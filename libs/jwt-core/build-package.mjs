// The last step of the library's build: `dist`, as it is published. Two formats of everything would
// not fit into 300 kB. What needs no package that is ESM loads alike from both, so of that there is
// one:
//   dist/core   as CommonJS, which both formats load: a file for each of CHUNKS, and one for the rest
//   dist/esm    the entries, and what imports Nest or passport
//   dist/cjs    the same as CommonJS, and the types of both
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import ts from 'typescript';
import { publishedTypes } from './published-types.mjs';

const root = import.meta.dirname;
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const entries = Object.values(manifest.exports)
  .filter((target) => typeof target === 'object')
  .map((target) => target.import.default.replace(/^\.\/dist\/esm\/|\.js$/g, ''));

const SPECIFIER = /(?<=\b(?:from|import)[ (]*["'])[^"'\n]+(?=["'])/g;
const specifiersIn = (text) => text.match(SPECIFIER) ?? [];
/** What is CommonJS itself, and for ESM a wrapper of that: the same classes for both. */
const isCommonJs = (specifier) => /^node:|^(tslib|pg|typeorm)(\/|$)/.test(specifier);
const isRelative = (specifier) => specifier.startsWith('.');
const resolve = (from, specifier) =>
  path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '');
const importsOf = (module, text) =>
  specifiersIn(text)
    .filter(isRelative)
    .map((specifier) => resolve(module, specifier));

/**
 * The modules that the entries load, in what `read` returns for a module, and where each belongs.
 */
class Tree {
  texts = new Map();
  /** Entries, and modules that import a package such as Nest, if only through another module. */
  dual = new Set(entries);

  constructor(read, roots = entries) {
    const visit = (module) => {
      if (this.texts.has(module)) return;
      const text = read(module);
      this.texts.set(module, text);
      importsOf(module, text).forEach(visit);
    };
    roots.forEach(visit);
    for (let before = -1; before < this.dual.size;) {
      before = this.dual.size;
      for (const [module, text] of this.texts) {
        const isForeign = (specifier) =>
          isRelative(specifier)
            ? this.dual.has(resolve(module, specifier))
            : !isCommonJs(specifier);
        if (specifiersIn(text).some(isForeign)) this.dual.add(module);
      }
    }
  }

  /**
   * `text`, of a module in the folder `format`, with its relative imports pointed to their places.
   */
  relocate(text, module, format) {
    const from = path.posix.dirname(`${format}/${module}`);
    return text.replaceAll(SPECIFIER, (specifier) => {
      if (!isRelative(specifier)) return specifier;
      const target = resolve(module, specifier);
      const to = path.posix.relative(from, `${this.dual.has(target) ? format : 'core'}/${target}`);
      return `${to.startsWith('.') ? to : `./${to}`}.js`;
    });
  }
}

/** What command.mjs runs. */
const COMMAND = 'attack/cli';
/** Folders whose modules load what others need not, such as `pg`. */
const CHUNKS = ['attack', 'client', 'postgres', 'test-issuer'];
const chunkOf = (module) => CHUNKS.find((folder) => module.startsWith(`${folder}/`)) ?? 'main';

const settings = ts.readConfigFile(path.join(root, '../../tsconfig.base.json'), (file) =>
  ts.sys.readFile(file),
);
const { options } = ts.convertCompilerOptionsFromJson(settings.config.compilerOptions, root);

/** JavaScript without types and comments. */
function transpile(module) {
  const source = readFileSync(path.join(root, 'src', `${module}.ts`), 'utf8');
  return ts.transpileModule(source, {
    fileName: `${module}.ts`,
    compilerOptions: {
      ...options,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: false,
      importHelpers: true,
      removeComments: true,
      sourceMap: false,
    },
  }).outputText;
}

function write(file, text) {
  const target = path.join(root, 'dist', file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
}

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
for (const format of ['cjs', 'core']) write(`${format}/package.json`, '{"type":"commonjs"}\n');

const code = new Tree(transpile, [...entries, COMMAND]);
const isDual = (module) => code.dual.has(module);
await bundle('esm', entries, isDual);
await bundle('cjs', entries, isDual);
for (const chunk of ['main', ...CHUNKS]) {
  const isOurs = (module) => !isDual(module) && chunkOf(module) === chunk;
  const importedFromOutside = [...code.texts].flatMap(([module, text]) =>
    isOurs(module) ? [] : importsOf(module, text).filter(isOurs),
  );
  const isCommand = chunkOf(COMMAND) === chunk;
  const exported = [...importedFromOutside, ...(isCommand ? [COMMAND] : [])].map(
    (module) => `export * from './${module}.js';`,
  );
  code.texts.set(chunk, exported.join('\n'));
  await bundle('core', [chunk], (module) => module === chunk || isOurs(module));
  code.texts.delete(chunk);
}

/** Bundles modules with what they import of ours. All else of the library is in `core`. */
async function bundle(folder, files, isOurs) {
  const modules = {
    name: 'modules',
    resolveId(specifier, importer) {
      if (!importer) return specifier;
      if (!isRelative(specifier)) return { id: specifier, external: true };
      const module = resolve(importer, specifier);
      return isOurs(module) ? module : { id: `core:${chunkOf(module)}.js`, external: true };
    },
    load: (module) => code.texts.get(module),
  };
  const build = await rolldown({
    input: Object.fromEntries(files.map((file) => [file, file])),
    platform: 'node',
    plugins: [modules],
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await build.generate({
    format: folder === 'esm' ? 'esm' : 'cjs',
    // Jest runs CommonJS where `import()` fails. All Nodes that we support can require ESM.
    dynamicImportInCjs: false,
    esModule: true,
    externalLiveBindings: false,
    chunkFileNames: '[name].js',
    // Without white space. Classes keep their names: Nest and logs show them.
    minify: {
      mangle: { toplevel: true, keepNames: { class: true, function: false } },
      codegen: { removeWhitespace: true },
    },
  });
  for (const { fileName, code: text } of output) {
    const file = `${folder}/${fileName}`;
    const core = path.posix.relative(path.posix.dirname(file), 'core') || '.';
    // In the short form Node would not find these exports when ESM imports CommonJS.
    const findable = text.replaceAll('{enumerable:!0,get:', '{enumerable:true,get:');
    write(file, findable.replaceAll('core:', `${core}/`));
  }
}

const types = new Tree((module) =>
  readFileSync(path.join(root, 'compiled', `${module}.d.ts`), 'utf8'),
);
/** The parts that a service without Nest would put together itself, but for what callers handle. */
const isPart = (module) =>
  /^(keys|issuer|revocation|verifier)\//.test(module) &&
  !/\/(claims|access|token-error|revocation-source|log)$/.test(module);
/** Those of which an entry exports something that most users meet. */
const documented = new Set(
  entries.flatMap((entry) =>
    specifiersIn(types.texts.get(entry))
      .map((specifier) => resolve(entry, specifier))
      .filter((module) => !isPart(module)),
  ),
);
const shown = publishedTypes(types.texts, { entries, documented, resolve });
for (const [module, text] of shown) {
  // ESM may import CommonJS, so that its entries need no types of their own.
  const format = types.dual.has(module) ? 'cjs' : 'core';
  write(`${format}/${module}.d.ts`, types.relocate(text, module, format));
}
for (const entry of entries) {
  const toDist = path.posix.relative(path.posix.dirname(`esm/${entry}`), '.');
  write(`esm/${entry}.d.ts`, `export * from '${toDist}/cjs/${entry}.js';\n`);
}
