import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '@jwt-auth/dev-stack';
import { startChild } from '../../processes/child.js';
import type { LongestPauses } from '../../revocation-list/longest-pause.js';
import { addEntries, type FilledAuth } from '../filled-auths.js';
import type { CheckReport, ListCommand, ListUsage } from './list-commands.js';

export interface Growth {
  readonly batches: number;
  readonly entriesPerBatch: number;
}

/** What a list of one size costs a service. */
export interface ListFigures {
  readonly loadSeconds: number;
  /** Beyond the process without a list: when it was loaded, and the most at any time. */
  readonly moreMegabytes: number;
  readonly peakMegabytes: number;
  /** While it was loaded, while entries were added, and while half of them were pruned. */
  readonly pauses: readonly LongestPauses[];
  readonly checkMicroseconds: number;
}

const betweenBatchesMs = 100;
/** Half of the entries have expired by then. */
const laterSeconds = 2 * 3600;

/** Loads the list of an auth in a process of its own, adds entries to it, and prunes it. */
export async function listFigures(
  { auths: { issuer, databaseUrl } }: FilledAuth,
  growth: Growth,
): Promise<ListFigures> {
  await using child = startChild('scale/list/list-main.js', { role: 'server' });
  const ask = <Report>(command: ListCommand) => child.ask<Report>(command);
  const loaded = await ask<ListUsage>({ kind: 'load', issuer });
  const { checkMicroseconds } = await ask<CheckReport>({ kind: 'check' });
  const size = loaded.size + growth.batches * growth.entriesPerBatch;
  const [grown] = await Promise.all([
    ask<ListUsage>({ kind: 'grow', size }),
    grow(databaseUrl, growth),
  ]);
  const nowSeconds = Math.floor(Date.now() / 1000) + laterSeconds;
  const pruned = await ask<ListUsage>({ kind: 'prune', nowSeconds });
  if (pruned.size >= grown.size) throw new Error(`${pruned.size} entries were left`);
  return {
    loadSeconds: loaded.seconds,
    moreMegabytes: loaded.moreMegabytes,
    peakMegabytes: pruned.peakMegabytes,
    pauses: [loaded, grown, pruned].map(({ pauses }) => pauses),
    checkMicroseconds,
  };
}

function grow(databaseUrl: string, { batches, entriesPerBatch }: Growth): Promise<void> {
  return withClient(databaseUrl, async (client) => {
    for (let batch = 0; batch < batches; batch++) {
      await addEntries(client, entriesPerBatch);
      await sleep(betweenBatchesMs);
    }
  });
}
