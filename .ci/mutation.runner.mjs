// The test runner of .ci/mutation.mjs: that of Stryker for Vitest, which takes a spec file for passed if it cannot
// be loaded, or if a `beforeAll` of the file fails. And as one thread runs the specs again and again, Stryker's
// first run, in which all have to pass, is the second one of the thread.
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const { VitestTestRunner } = await import(pathToFileURL(process.env.STRYKER_VITEST_RUNNER).href);

class FileTestRunner extends VitestTestRunner {
  /** By the path of their file. */
  tests = new Map();

  async init() {
    await super.init();
    // Not again in a process that takes the place of one that ran into a time-out.
    const mark = path.resolve(`ran-${process.ppid}`);
    if (existsSync(mark)) return;
    writeFileSync(mark, '');
    const activeMutant = { id: 'none' };
    await this.mutantRun({ activeMutant, mutantActivation: 'static', sandboxFileName: '' });
  }

  async run(options) {
    const outcome = await super.run(options);
    if (outcome.status !== 'complete') return outcome;
    for (const test of outcome.tests) {
      if (!this.tests.has(test.fileName)) this.tests.set(test.fileName, test);
    }
    const broken = this.ctx.state.getFiles().filter(({ result }) => result?.state === 'fail');
    const isKnown = outcome.tests.some(({ status }) => status === 1);
    if (isKnown || broken.length === 0) return outcome;
    const [{ filepath, result }] = broken;
    const failureMessage = result.errors?.[0]?.message ?? 'The file could not be run';
    const test = this.tests.get(path.resolve(filepath)) ?? { id: filepath, name: filepath };
    const failed = { ...test, status: 1, failureMessage, timeSpentMs: 0 };
    return { ...outcome, tests: [...outcome.tests.filter(({ id }) => id !== test.id), failed] };
  }
}

function create(injector) {
  return injector.provideValue('globalNamespace', '__stryker__').injectClass(FileTestRunner);
}
create.inject = ['$injector'];

export const strykerPlugins = [{ kind: 'TestRunner', name: 'vitest-files', factory: create }];
