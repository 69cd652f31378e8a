import { ask, granted } from '../driver/ask.js';
import type { Living } from '../driver/living.js';
import type { Prober } from './prober.js';
import { until } from './until.js';

export interface Recovering {
  /** Addresses of the auth processes. */
  readonly auths: readonly string[];
  /** Addresses of the services. */
  readonly services: readonly string[];
  readonly living: Living;
  readonly prober: Prober;
}

/**
 * Waits until every process is ready and every service lets somebody in.
 *
 * @returns what still does not work when the time is over; nothing, as soon as everything does
 */
export async function recovery(
  { auths, services, living, prober }: Recovering,
  withinMs: number,
): Promise<readonly string[]> {
  const readiness = async (url: string) => {
    const answer = await ask(`${url}/health/ready`);
    return granted(answer) === undefined ? `${url} is not ready: ${JSON.stringify(answer)}` : '';
  };
  const admission = async (_: string, service: number) => {
    const subject = living.all().at(-1);
    if (subject === undefined) return 'nobody is alive';
    const { verdict } = await prober.show(subject, service);
    return verdict === 'accepted' ? '' : `orders ${service} says ${verdict}`;
  };
  let broken: string[] = [];
  await until(async () => {
    const asked = [...[...auths, ...services].map(readiness), ...services.map(admission)];
    broken = (await Promise.all(asked)).filter(Boolean);
    return broken.length === 0;
  }, withinMs);
  return broken;
}
