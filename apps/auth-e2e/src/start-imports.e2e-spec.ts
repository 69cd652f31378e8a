import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '@jwt-auth/dev-stack';
import { describe, expect, it } from 'vitest';

/** In OpenTelemetry's SDK, and nowhere else. */
const SDK = 'BatchSpanProcessor';

describe.each(['auth', 'orders'])('the program %s', (app) => {
  const folder = path.join(ROOT, 'apps', app, 'dist');
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');

  /** What Node loads before the first line runs. */
  function loadedWith(file: string, known = new Set<string>()): Set<string> {
    if (known.has(file)) return known;
    known.add(file);
    const statements = read(file).matchAll(/^(?:import|export) (?:.* from )?"\.\/(.+)";$/gm);
    for (const [, imported = ''] of statements) loadedWith(imported, known);
    return known;
  }

  it('does not load the SDK of OpenTelemetry unless an endpoint is set', () => {
    const hasSdk = (file: string) => read(file).includes(SDK);
    const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
    expect(files.filter(hasSdk)).toEqual([expect.stringMatching(/^sdk-/)]);
    const loaded = [...loadedWith('main.js')];
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.filter(hasSdk)).toEqual([]);
  });
});
