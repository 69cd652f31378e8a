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
import type { CheckReport, ListCommand, ListUsage } from './list-commands.js';

// A service with nothing but its list, so that all pauses and all memory are the list's.
process.on('disconnect', () => process.exit());
const [{ issuer }] = (await once(process, 'message')) as [ListCommand & { kind: 'load' }];
const list = new RevocationList({ maxStalenessMs: 30_000 });
const source = new HttpRevocationSource(new IssuerMetadata({ issuer }));
const follower = new RevocationFollower({ source, list });
// Node loads `fetch` at its first use, which takes thirty milliseconds. They do not count as the list's.
await (await fetch(issuer)).arrayBuffer();
const megabyte = 2 ** 20;
const megabytesBefore = process.memoryUsage.rss() / megabyte;

/** Does some work, and reports what the process used for it. */
async function observed(work: () => Promise<unknown>): Promise<ListUsage> {
  // Auth and its database need the cores too.
  const pauses = watchPauses(1);
  const startedMs = performance.now();
  await work();
  return {
    seconds: (performance.now() - startedMs) / 1000,
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

function run(command: ListCommand): Promise<ListUsage | CheckReport> {
  switch (command.kind) {
    case 'load':
      follower.start();
      return observed(() => whenHolding(() => list.state === 'fresh'));
    case 'grow':
      return observed(() => whenHolding(() => list.size >= command.size));
    case 'prune':
      return observed(() => prune(command.nowSeconds));
    case 'check':
      return Promise.resolve({ checkMicroseconds: checkMicroseconds(list) });
  }
}

const answer = async (command: ListCommand) => process.send?.(await run(command));
process.on('message', (command: ListCommand) => void answer(command));
await answer({ kind: 'load', issuer });
