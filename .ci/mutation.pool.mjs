// How Vitest runs the specs of .ci/mutation.mjs. A new thread for each mutant would load Nest and TypeORM, and
// migrate a database, which takes longer than to run the specs. So one thread stays for many mutants:
// .ci/mutation.setup.mjs loads the sources again where a mutant needs that.
import { readFileSync } from 'node:fs';
import { BaseSequencer, ThreadsPoolWorker } from 'vitest/node';

/** What loading sources again leaves in memory goes with the thread. */
const MOST_RUNS = 100;

let thread;
let runs = 0;

class KeptThread extends ThreadsPoolWorker {
  name = 'kept';

  answer = undefined;

  async start() {
    this._thread = thread;
    await super.start();
    thread = this._thread;
    runs += 1;
  }

  on(event, callback) {
    if (event === 'message') this.answer = callback;
    super.on(event, callback);
  }

  send(message) {
    if (message.type !== 'stop' || runs >= MOST_RUNS) return super.send(message);
    return this.answer({ __vitest_worker_response__: true, type: 'stopped' });
  }

  async stop() {
    if (runs >= MOST_RUNS) {
      [thread, runs] = [undefined, 0];
      return super.stop();
    }
    for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event);
    thread.stdout.unpipe(this.stdout);
    thread.stderr.unpipe(this.stderr);
    return undefined;
  }
}

/** A plugin of Vitest. */
export const keptThread = {
  name: 'kept-thread',
  configureVitest({ project }) {
    project.config.pool = 'kept';
    project.config.poolRunner = {
      name: 'kept',
      createPoolWorker: (options) => new KeptThread(options),
    };
  },
};

/** Specs that need no app go first: the first failure ends a run. */
export class QuickFirst extends BaseSequencer {
  sort(specs) {
    const cost = ({ moduleId }) => {
      const text = readFileSync(moduleId, 'utf8');
      return text.length + (/\b(AuthApp|migratedDatabase|freshDatabase)\b/.test(text) ? 1e6 : 0);
    };
    return specs.toSorted((a, b) => cost(a) - cost(b));
  }
}
