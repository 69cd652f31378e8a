import { startChild } from '../../processes/child.js';
import type { Usage } from '../../processes/usage.js';
import type { StackName } from '../stacks/stack.js';

/** What a server process is told. It crosses a process boundary, so it is plain. */
export interface ServerSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's public key, as the libraries' documentations pass it. */
  readonly publicKeyPem: string;
  /** Postgres with the table of revoked tokens, for the stack that asks one. */
  readonly databaseUrl: string;
}

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
