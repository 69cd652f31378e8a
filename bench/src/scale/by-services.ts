import type { Effort, Progress } from '../harness/benchmark.js';
import { median, quantile } from '../harness/statistics.js';
import type { LoadOrder } from '../http/load/load.js';
import type { ServerProcess } from '../http/server/server-process.js';
import { revokeAndWatch } from '../reach/revoke-and-watch.js';
import { type CpuCourse, cpuOfRequest, startService, type Visitors } from './guarded-service.js';

export interface ScaleCourse extends CpuCourse {
  readonly effort: Effort;
  readonly rounds: number;
  readonly warmUpSeconds: LoadOrder['seconds'];
  /** How many a load has. */
  readonly tokens: number;
  readonly revocations: number;
  readonly perSecond: number;
}

/** What a service makes of its requests, and of revocations. */
export interface ServiceFigures {
  readonly cpuMicroseconds: number;
  readonly reachP50Ms: number;
  readonly reachP99Ms: number;
}

/**
 * The figures of the first service while it is alone, and with more of them on the same auth: reach
 * is that of whichever comes last.
 */
export async function figuresByServices(
  issuer: string,
  visitors: Visitors,
  counts: readonly number[],
  course: ScaleCourse,
  progress: Progress,
): Promise<ServiceFigures[]> {
  const services: ServerProcess[] = [];
  const figures: ServiceFigures[] = [];
  try {
    for (const count of counts) {
      progress(`starting ${count - services.length} more services`);
      while (services.length < count) {
        services.push(await startService(course.effort, issuer, visitors.token));
      }
      if (figures.length === 0) await warmUp(services[0]!, visitors, course);
      progress(`measuring with ${count} services`);
      const cpu: number[] = [];
      for (let round = 0; round < course.rounds; round++) {
        cpu.push(await cpuOfRequest(services[0]!, visitors.load, course));
      }
      const reach = await reachOf(services, visitors, course, progress);
      figures.push({ cpuMicroseconds: median(cpu), ...reach });
    }
    return figures;
  } finally {
    await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
  }
}

export async function warmUp(
  service: ServerProcess,
  { load }: Visitors,
  { warmUpSeconds: seconds, connections }: ScaleCourse,
): Promise<void> {
  await load.fire({ url: service.url, seconds: 'once', connections });
  await load.fire({ url: service.url, seconds, connections });
}

export async function reachOf(
  services: readonly ServerProcess[],
  { client }: Visitors,
  { revocations, perSecond }: ScaleCourse,
  progress: Progress,
): Promise<Pick<ServiceFigures, 'reachP50Ms' | 'reachP99Ms'>> {
  const tokens = await client.mint(revocations);
  const routes = services.map(({ url }) => url);
  const { last } = await revokeAndWatch({ client, tokens, services: routes, perSecond }, progress);
  return { reachP50Ms: quantile(last, 0.5), reachP99Ms: quantile(last, 0.99) };
}
