import { startChild } from '../../processes/child.js';
import type { Usage } from '../../processes/usage.js';
import type { StackName } from '../stacks/stack.js';
import type { ServerSettings } from './server-settings.js';

/** A stack that serves `GET /orders` in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** The address of the route. */
  readonly url: string;
  usage(): Promise<Usage>;
}

export async function startServer(
  name: StackName,
  settings: ServerSettings,
): Promise<ServerProcess> {
  const child = startChild('http/server/server-main.js', { role: 'server', args: [name] });
  const origin = await child.ask<string>(settings);
  return {
    url: `${origin}/orders`,
    usage: () => child.ask<Usage>('usage'),
    [Symbol.asyncDispose]: () => child.stop(),
  };
}
