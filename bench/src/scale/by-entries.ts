import type { Progress } from '../harness/benchmark.js';
import { median } from '../harness/statistics.js';
import type { ServerProcess } from '../http/server/server-process.js';
import { reachOf, type ScaleCourse, type ServiceFigures, warmUp } from './by-services.js';
import type { FilledAuth } from './filled-auths.js';
import { cpuOfRequest, startService, type Visitors, visitorsOf } from './guarded-service.js';

interface Place {
  readonly visitors: Visitors;
  readonly service: ServerProcess;
}

/** The figures of a service on each of these auths, measured by turns. */
export async function figuresByEntries(
  filled: readonly FilledAuth[],
  course: ScaleCourse,
  progress: Progress,
): Promise<ServiceFigures[]> {
  const places: Place[] = [];
  const started: AsyncDisposable[] = [];
  try {
    for (const { auths, entries } of filled) {
      progress(`starting a service with ${entries} entries`);
      const visitors = await visitorsOf(course.effort, auths.issuer, course.tokens);
      started.push(visitors);
      const service = await startService(course.effort, auths.issuer, visitors.token);
      started.push(service);
      await warmUp(service, visitors, course);
      places.push({ visitors, service });
    }
    const cpu = await cpuByTurns(places, course, progress);
    const figures: ServiceFigures[] = [];
    for (const [index, { service, visitors }] of places.entries()) {
      progress(`reach with ${filled[index]!.entries} entries`);
      const reach = await reachOf([service], visitors, course, progress);
      figures.push({ cpuMicroseconds: median(cpu[index]!), ...reach });
    }
    return figures;
  } finally {
    await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
  }
}

async function cpuByTurns(
  places: readonly Place[],
  course: ScaleCourse,
  progress: Progress,
): Promise<number[][]> {
  const cpu = places.map((): number[] => []);
  for (let round = 0; round < course.rounds; round++) {
    progress(`round ${round + 1} of ${course.rounds}`);
    for (let turn = 0; turn < places.length; turn++) {
      const index = (turn + round) % places.length;
      const { service, visitors } = places[index]!;
      cpu[index]!.push(await cpuOfRequest(service, visitors.load, course));
    }
  }
  return cpu;
}
