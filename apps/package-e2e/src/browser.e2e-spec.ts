import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { ROOT } from '@jwt-auth/dev-stack';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { emptyDirectory, packLibrary, type Packed } from './packed.js';

const library = path.join(ROOT, 'libs/browser');

describe('@jwt-auth/browser, as npm pack makes it', () => {
  let directory: string;
  let packed: Packed;
  let tarball: Buffer;
  beforeAll(async () => {
    directory = await emptyDirectory();
    packed = await packLibrary(directory, 'browser');
    tarball = await readFile(packed.tarball);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('is one module of at most 3 kB, compressed, that loads nothing', async () => {
    const code = await readFile(path.join(library, 'dist/index.js'), 'utf8');
    expect(gzipSync(code).length).toBeLessThanOrEqual(3_000);
    expect(code).not.toMatch(/\bimport\b/);
    const manifest: unknown = JSON.parse(
      await readFile(path.join(library, 'package.json'), 'utf8'),
    );
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('peerDependencies');
    expect(manifest).not.toHaveProperty('private');
  });

  it('has types, a guide and a licence, and nothing that is for us alone', () => {
    expect([...packed.paths].sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/api.d.ts',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/principal.d.ts',
      'dist/session.d.ts',
      'package.json',
    ]);
  });

  it('pleases publint and arethetypeswrong', async () => {
    const data = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
    const { messages } = await publint({ pack: { tarball: data as ArrayBuffer }, strict: true });
    expect(messages).toEqual([]);
    const { problems } = (await checkPackage(
      createPackageFromTarballData(new Uint8Array(tarball)),
    )) as { problems: { kind: string }[] };
    // Pages load ES modules alone, and old ways of Node to find types are none of theirs.
    expect(problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')).toEqual([]);
  });
});
