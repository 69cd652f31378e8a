import type { Effort } from '../../harness/benchmark.js';
import { startOrShare } from '../../harness/smoke-resources.js';
import { startChild } from '../../processes/child.js';
import type { Usage } from '../../apps/process-usage.js';
import type { ServerSettings, StackName } from '../stacks/stack.js';

/** What a server process serves. Plain data, because it is sent to another process. */
export interface ServerOrder {
  readonly stack: StackName;
  readonly settings: ServerSettings;
}

/** A stack that serves `GET /orders`: in a process of its own, unless it is a smoke run. */
export interface ServerProcess extends AsyncDisposable {
  /** The address of the route. */
  readonly url: string;
  usage(): Promise<Usage>;
}

export async function startServer(effort: Effort, order: ServerOrder): Promise<ServerProcess> {
  const child = await startOrShare(effort, 'stacks', async () =>
    startChild('http/server/server-main.js', { role: 'server' }),
  );
  const origin = await child.ask<string>(order);
  return {
    url: `${origin}/orders`,
    usage: () => child.ask<Usage>('usage'),
    [Symbol.asyncDispose]: child[Symbol.asyncDispose],
  };
}
