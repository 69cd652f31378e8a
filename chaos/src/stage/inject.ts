import type { TcpProxy } from '@jwt-auth/dev-stack';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultKind } from '../plan/fault-plan.js';
import type { Stage } from './stage.js';

type Injection = (stage: Stage, fault: Fault) => Promise<unknown>;

/** How long a half-open connection may go unnoticed. */
const HALF_OPEN_MS = 4_000;

/** Breaks what the fault says, and resolves when it is mended. */
export function inject(stage: Stage, fault: Fault): Promise<unknown> {
  return INJECTIONS[fault.kind](stage, fault);
}

const lasting =
  (
    find: (stage: Stage, target: number) => TcpProxy | undefined,
    spoil: (proxy: TcpProxy) => void,
  ): Injection =>
  async (stage, { target, forMs }) => {
    const proxy = find(stage, target);
    if (!proxy) return;
    spoil(proxy);
    await sleep(forMs);
    proxy.delay(0);
    proxy.resume();
  };
const database = ({ databases }: Stage, target: number) => databases[target];
const feed = ({ feeds }: Stage, target: number) => feeds[target];

const moveClock: Injection = async ({ clocks }, { target, forMs, shiftSeconds }) => {
  clocks[target]?.move(shiftSeconds);
  await sleep(forMs);
  clocks[target]?.move(0);
};

const INJECTIONS: Readonly<Record<FaultKind, Injection>> = {
  'postgres-killed': async ({ postgres }, { forMs }) => {
    await postgres.kill();
    // Long enough away to be noticed, not so long that nothing else is.
    await sleep(Math.min(forMs, 3_000));
    await postgres.restart();
  },
  'database-paused': lasting(database, (proxy) => proxy.pause()),
  'database-cut': lasting(database, (proxy) => proxy.cut()),
  'database-delayed': lasting(database, (proxy) => proxy.delay(150)),
  'database-half-open': async ({ databases }, { target }) => {
    databases[target]?.halfOpen();
    await sleep(HALF_OPEN_MS);
  },
  'auth-killed': async ({ auths }, { target, forMs }) => {
    await auths[target]?.kill();
    await sleep(forMs);
    await auths[target]?.bringBack();
  },
  'auth-frozen': async ({ auths }, { target, forMs }) => {
    auths[target]?.signal('SIGSTOP');
    await sleep(forMs);
    auths[target]?.signal('SIGCONT');
  },
  'feed-paused': lasting(feed, (proxy) => proxy.pause()),
  'feed-cut': lasting(feed, (proxy) => proxy.cut()),
  'feed-delayed': lasting(feed, (proxy) => proxy.delay(300)),
  'feed-half-open': async ({ feeds }, { target }) => {
    feeds[target]?.halfOpen();
    await sleep(HALF_OPEN_MS);
  },
  'issuer-cut': async ({ issuer }, { forMs }) => {
    issuer.cut();
    await sleep(forMs);
    issuer.mend();
  },
  'auth-switched': async ({ issuer }) => issuer.shake(),
  'clock-ahead': moveClock,
  'clock-back': moveClock,
  'orders-killed': async ({ services }, { target, forMs }) => {
    await services[target]?.kill();
    await sleep(Math.min(forMs, 1_000));
    await services[target]?.bringBack();
  },
};
