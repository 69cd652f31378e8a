import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { argumentsOf, groupOf, parentOf, survivors } from '../testing/processes.fixture.js';
import { ProgramLog } from './program-log.js';
import { SupervisedProcess, type SupervisedProgram } from './supervised-process.js';
import { until } from './until.js';

const started: SupervisedProcess[] = [];

async function start(script: string, options: Partial<SupervisedProgram> = {}) {
  const log = ProgramLog.unnamed();
  const process = await SupervisedProcess.start({
    name: 'program under test',
    command: globalThis.process.execPath,
    args: ['-e', script],
    env: {},
    log,
    ...options,
  });
  started.push(process);
  return { process, log };
}

const STAYS = 'setInterval(() => {}, 1000); console.log("up");';
const up = (log: ProgramLog) => until(() => log.text().includes('up'), { withinMs: 10_000 });

afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.stop()));
});

describe('a supervised program', () => {
  it.each([
    ['its exit code', 'process.exit(3)', { code: 3, signal: null }],
    [
      'the signal that ended it',
      'process.kill(process.pid, "SIGKILL")',
      { code: null, signal: 'SIGKILL' },
    ],
  ])('reports %s', async (_, script, exit) => {
    const { process } = await start(script);
    expect(process.ended).toBeUndefined();
    expect(await process.exited).toEqual(exit);
    expect(process.ended).toEqual(exit);
    expect(await process.stop()).toEqual(exit);
  });

  it('has what it prints in its log, up to the last word', async () => {
    const { process, log } = await start(`console.log('a'); console.error('b'); process.abort()`);
    await process.exited;
    expect(log.text()).toMatch(/^a\nb\n/);
  });

  it('runs with the environment that it was given, and no more', async () => {
    const { process, log } = await start('console.log(JSON.stringify(process.env))', {
      env: { SECRET: 'of the program' },
    });
    await process.exited;
    expect(JSON.parse(log.text())).toEqual({ SECRET: 'of the program' });
  });

  it('keeps its environment out of the arguments that everybody can read', async () => {
    const { process } = await start(STAYS, { env: { SECRET: 'of the program' } });
    const seen = argumentsOf(parentOf(process.pid)) + argumentsOf(process.pid);
    expect(seen).toContain('program under test');
    expect(seen).not.toContain('of the program');
  });

  it('gets one signal, and goes on if it wants to', async () => {
    const { process, log } = await start(`process.on('SIGHUP', () => console.log('hup'));${STAYS}`);
    await up(log);
    process.signal('SIGHUP');
    await until(() => log.text().includes('hup'), { withinMs: 5_000 });
    expect(log.text()).toContain('hup');
    expect(process.ended).toBeUndefined();
  });

  it.each([
    ['heeds SIGTERM', `process.on('SIGTERM', () => process.exit(0));`, { code: 0, signal: null }],
    ['ignores it', `process.on('SIGTERM', () => {});`, { code: null, signal: 'SIGKILL' }],
  ])('is stopped when it %s', async (_, handler, exit) => {
    const { process, log } = await start(handler + STAYS, { stopTimeoutMs: 200 });
    await up(log);
    expect(await process.stop()).toEqual(exit);
  });

  it('is stopped in order even while it is suspended', async () => {
    const { process, log } = await start(`process.on('SIGTERM', () => process.exit(0));${STAYS}`);
    await up(log);
    process.signal('SIGSTOP');
    expect(await process.stop()).toEqual({ code: 0, signal: null });
  });

  it('is out of reach of the Ctrl-C that its parent gets', async () => {
    const { process } = await start(STAYS);
    const own = groupOf(globalThis.process.pid);
    expect([groupOf(process.pid), groupOf(parentOf(process.pid))]).not.toContain(own);
  });

  it('does not survive its watchdog', async () => {
    const { process, log } = await start(STAYS);
    await up(log);
    globalThis.process.kill(parentOf(process.pid), 'SIGKILL');
    await process.exited;
    expect(await survivors([process.pid])).toEqual([]);
  });

  it('takes its directory with it when it is stopped, not when it ends by itself', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dev-stack-spec-'));
    const ended = await start('', { removeWhenStopped: directory });
    await ended.process.exited;
    expect(existsSync(directory)).toBe(true);
    const stopped = await start(STAYS, { removeWhenStopped: directory });
    await stopped.process.stop();
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    ['does not exist', { command: '/no/such/program' }],
    ['would run in a directory that does not exist', { cwd: '/no/such/directory' }],
  ])('is refused when it %s', async (_, options) => {
    await expect(start(STAYS, options)).rejects.toMatchObject({
      code: 'did_not_start',
      message: expect.stringMatching(/^program under test cannot be started: .*ENOENT/) as string,
    });
  });
});
