// Runs one program for its parent and ends it when the parent is gone, however that went: the
// channel between the two closes even after kill -9. Plain JavaScript, because it is started by
// path both from dist and, in tests, from the sources.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout } from 'node:timers';

/** @typedef {import('./supervised-process.js').Order} Order */
/** @typedef {import('./supervised-process.js').Report} Report */
/** @typedef {import('./supervised-process.js').Instruction} Instruction */

// A terminal sends Ctrl-C to everyone; when to stop is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.once('disconnect', () => process.exit());
process.once('message', (/** @type {Instruction} */ program) => run(program));

/** @param {Instruction} program */
function run(program) {
  const { command, args = [], cwd, env, account, removeWhenStopped } = program;
  const { stopSignals = ['SIGTERM', 'SIGKILL'], stopTimeoutMs = 12_000 } = program;
  const child = spawn(command, args, { cwd, env, ...account, stdio: ['ignore', 1, 2] });
  let stopping = false;

  /** @param {readonly NodeJS.Signals[]} signals */
  const stop = ([signal, ...harder]) => {
    if (!signal) return;
    child.kill(signal);
    // A stopped (SIGSTOP) program sees no other signal until it continues.
    child.kill('SIGCONT');
    setTimeout(stop, stopTimeoutMs, harder).unref();
  };
  const stopOnce = () => {
    if (!stopping) stop(stopSignals);
    stopping = true;
  };
  /** @param {Report} report */
  const end = (report) => {
    if (stopping && removeWhenStopped) rmSync(removeWhenStopped, { recursive: true, force: true });
    if (!process.connected) process.exit();
    process.send?.(report, () => process.exit());
  };

  child.once('spawn', () => process.connected && process.send?.({ pid: child.pid }));
  child.once('error', ({ message }) => end({ error: message }));
  child.once('exit', (code, signal) => end({ code, signal }));
  process.removeAllListeners('disconnect').once('disconnect', stopOnce);
  process.on('message', (/** @type {Order} */ order) =>
    order === 'stop' ? stopOnce() : child.kill(order.signal),
  );
}
