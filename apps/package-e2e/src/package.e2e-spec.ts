import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { ROOT } from '@jwt-auth/dev-stack';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyDirectory, type Packed, packLibrary, run } from './packed.js';

const library = path.join(ROOT, 'libs/jwt-core');

describe('the package that npm pack makes', () => {
  let directory: string;
  let packed: Packed;
  let tarball: Buffer;
  beforeAll(async () => {
    directory = await emptyDirectory();
    packed = await packLibrary(directory);
    tarball = await readFile(packed.tarball);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('has at most 300 kB, unpacked', () => {
    expect(packed.unpackedSize).toBeLessThanOrEqual(300_000);
  });

  it('has what is published, and nothing that is for us alone', () => {
    expect(packed.paths).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']),
    );
    const ours = /\.map$|tsbuildinfo|\.spec\.|fixture|^src|^compiled|build-package/;
    expect(packed.paths.filter((file) => ours.test(file))).toEqual([]);
  });

  it('says how it is published', async () => {
    const manifestOf = async (folder: string) =>
      JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    const manifest = await manifestOf(library);
    expect(manifest).toMatchObject({
      version: (await manifestOf(ROOT)).version,
      license: 'MIT',
      sideEffects: false,
      publishConfig: { access: 'public' },
    });
    expect(manifest).not.toHaveProperty('private');
  });

  it('pleases publint', async () => {
    const data = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
    const { messages } = await publint({ pack: { tarball: data as ArrayBuffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it('pleases arethetypeswrong', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
    expect(analysis).toMatchObject({ problems: [] });
    expect(Object.keys(analysis.types ? analysis.entrypoints : {})).toHaveLength(7);
  });

  it('has all types that its types refer to', async () => {
    const entries = packed.paths.filter((file) => /^dist\/cjs\/(.+\/)?index\.d\.ts$/.test(file));
    expect(entries).toHaveLength(6);
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    const checked = ['--noEmit', '--strict', '--skipLibCheck', 'false'];
    const asNode = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    await run(tsc, [...checked, ...asNode, '--ignoreConfig', ...entries], library);
  });

  it('exports the same names in both formats, and one TokenError', async () => {
    const entries = ['standalone', 'client', 'testing', 'passport', 'postgres', '.'];
    const code = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const names = (module) => Object.keys(module).filter((name) => name !== '__esModule').sort();
      for (const entry of ${JSON.stringify(entries)}) {
        const imported = await import('./dist/esm/' + entry + '/index.js');
        const required = require('./dist/cjs/' + entry + '/index.js');
        if (names(imported).join() !== names(required).join()) throw new Error(entry);
        if (names(imported).length === 0) throw new Error(entry + ' is empty');
        const { TokenError = 0 } = imported;
        if (TokenError !== (required.TokenError ?? 0)) throw new Error('two TokenErrors');
      }`;
    await run(process.execPath, ['--input-type=module', '--eval', code], library);
  });

  it.each(['standalone', 'client', 'testing'])('loads no package for %s', async (entry) => {
    await run('tar', ['-xzf', packed.tarball], directory);
    const inside = path.join(directory, 'package');
    const loads = `import('./dist/esm/${entry}/index.js').then(() => require('./dist/cjs/${entry}/index.js'))`;
    await run(process.execPath, ['--eval', loads], inside);
  });

  it('has a command that needs no package', async () => {
    await run('tar', ['-xzf', packed.tarball], directory);
    const { bin } = JSON.parse(await readFile(path.join(library, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    const attack = run(
      process.execPath,
      [bin['jwt-core']!, 'attack'],
      path.join(directory, 'package'),
    );
    await expect(attack).rejects.toThrow('The command is: attack <url>');
  });

  it('has a command that npx finds in this repository, where it is installed before it is built', async () => {
    const attack = run('npx', ['--no', '@jwt-auth/jwt-core', 'attack'], ROOT);
    await expect(attack).rejects.toThrow('The command is: attack <url>');
  });
});
