import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from '@jwt-auth/dev-stack';
import {
  HttpRevocationSource,
  IssuerMetadata,
  RevocationFollower,
  RevocationList,
} from '@jwt-auth/jwt-core';
import { watchPauses } from '../../revocation-list/longest-pause.js';
import { checkMicroseconds } from './check-list.js';
import type { CheckReport, ListOrder, ListReport } from './list-orders.js';

// A service reduced to its list: nothing else of it may cause a pause, or take memory.
process.on('disconnect', () => process.exit());
const [{ issuer }] = (await once(process, 'message')) as [ListOrder & { kind: 'load' }];
const list = new RevocationList({ maxStalenessMs: 30_000 });
const source = new HttpRevocationSource(new IssuerMetadata({ issuer }));
const follower = new RevocationFollower({ source, list });
// At the first use of `fetch` Node loads it, for thirty milliseconds: no list's to answer for.
await (await fetch(issuer)).arrayBuffer();
const megabyte = 2 ** 20;
const megabytesBefore = process.memoryUsage.rss() / megabyte;

/** Does some work, and reports what the process used meanwhile. */
async function observed(work: () => Promise<unknown>): Promise<ListReport> {
  // Auth and its database need the cores too.
  const pauses = watchPauses(1);
  const startedAt = performance.now();
  await work();
  return {
    seconds: (performance.now() - startedAt) / 1000,
    size: list.size,
    pauses: pauses.stop(),
    moreMegabytes: process.memoryUsage.rss() / megabyte - megabytesBefore,
    peakMegabytes: process.resourceUsage().maxRSS / 1024 - megabytesBefore,
  };
}

async function whenHolding(isDone: () => boolean): Promise<void> {
  if (!(await until(isDone, { withinMs: 120_000, everyMs: 5 }))) {
    throw new Error(`The list is ${list.state} with ${list.size} entries after two minutes`);
  }
}

async function prune(nowSeconds: number): Promise<void> {
  // The same calls as the follower makes. It and its source have no clock that can be set.
  list.confirm([], performance.now(), nowSeconds);
  const steps = list.pruneInSteps(nowSeconds);
  while (!steps.next().done) await nextTurn();
}

function obey(order: ListOrder): Promise<ListReport | CheckReport> {
  switch (order.kind) {
    case 'load':
      follower.start();
      return observed(() => whenHolding(() => list.state === 'fresh'));
    case 'grow':
      return observed(() => whenHolding(() => list.size >= order.size));
    case 'prune':
      return observed(() => prune(order.nowSeconds));
    case 'check':
      return Promise.resolve({ checkMicroseconds: checkMicroseconds(list) });
  }
}

const answer = async (order: ListOrder) => process.send?.(await obey(order));
process.on('message', (order: ListOrder) => void answer(order));
await answer({ kind: 'load', issuer });
