import { startChild } from '../../processes/child.js';
import type { LoadOrder, LoadReport } from './load.js';

/** The load tool in a process of its own. */
export interface LoadProcess extends AsyncDisposable {
  fire(order: LoadOrder): Promise<LoadReport>;
}

/** @param headers one `Authorization` header for each request, by turns */
export async function startLoad(headers: readonly Buffer[]): Promise<LoadProcess> {
  const child = startChild('http/load/load-main.js', { role: 'load' });
  await child.ask(headers.map((header) => header.toString('latin1')));
  return {
    fire: (order) => child.ask<LoadReport>(order),
    [Symbol.asyncDispose]: () => child.stop(),
  };
}
