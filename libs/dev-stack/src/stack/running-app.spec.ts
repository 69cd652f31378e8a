import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../supervision/free-port.js';
import { survivors } from '../testing/processes.fixture.js';
import { tinyApp } from '../testing/tiny-app.fixture.js';
import type { RunningApp } from './running-app.js';
import { startApp } from './running-app.js';

let directory: string;
const started: RunningApp[] = [];

async function start(...of: Parameters<typeof startApp>): Promise<RunningApp> {
  const app = await startApp(...of);
  started.push(app);
  return app;
}
const text = async (url: string) => (await fetch(url)).text();

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.stop()));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('startApp', () => {
  it('gives an app that answers, as often as it is wanted', async () => {
    const app = tinyApp(directory, 'tiny');
    const [one, two] = await Promise.all([start(app), start(app)]);
    expect(await text(one.url)).toBe('tiny');
    expect(await text(two.url)).toBe('tiny');
    expect(one.pid).not.toBe(two.pid);
    expect(one.log()).toContain('tiny listens');
  });

  it('hands over the settings that it is given, and none of the caller', async () => {
    process.env['OF_THE_CALLER'] = 'leaked';
    const app = await start(tinyApp(directory, 'tiny'), { env: { COLOUR: 'green' } });
    expect(await text(`${app.url}/env?COLOUR`)).toBe('green');
    expect(await text(`${app.url}/env?OF_THE_CALLER`)).toBe('');
    delete process.env['OF_THE_CALLER'];
  });

  it('starts on the port that it is given, also after a kill', async () => {
    const app = tinyApp(directory, 'tiny');
    const port = await freePort();
    const one = await start(app, { port });
    expect(one.url).toBe(`http://127.0.0.1:${port}`);
    one.kill();
    expect(await one.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await survivors([one.pid], 0)).toEqual([]);
    expect(await text((await start(app, { port })).url)).toBe('tiny');
  });

  it.each([
    ['ends before it is ready', 'endsAtStart', /exit code 3\)\nno database/],
    ['is never ready', 'neverReady', /not ready within 1 s: .* answers 503 tiny\ntiny listens/],
  ] as const)('shows the log of an app that %s', async (_, behaviour, message) => {
    const app = tinyApp(directory, 'tiny', { behaviour });
    const attempt = start(app, { readyWithinMs: 1_000 });
    await expect(attempt).rejects.toMatchObject({ code: 'did_not_start' });
    await expect(attempt).rejects.toThrow(message);
  });

  it('does not take another server on the demanded port for the app', async () => {
    const app = tinyApp(directory, 'tiny');
    const other = await start(app);
    const port = Number(new URL(other.url).port);
    await expect(start(app, { port })).rejects.toMatchObject({ code: 'port_taken' });
    expect(await text(other.url)).toBe('tiny');
  });
});
