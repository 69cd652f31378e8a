import type { LoggerService } from '@nestjs/common';

import type { Build } from '../settings/service-settings.js';
import type { TracingOptions } from '../settings/tracing-settings.js';

/** What the spans of a process say of it. */
export interface TracedProgram {
  readonly name: string;
  readonly build: Build;
}

/** The recording of spans. */
export interface Tracing {
  /** Sends what was recorded, and records no more. Waits for a second at most, unless told otherwise. */
  stop(withinMs?: number): Promise<void>;
}

/**
 * From now on spans are recorded and sent, also those that other code makes with
 * `@opentelemetry/api`. Without options nothing is loaded and nothing recorded.
 */
export async function startTracing(
  options: TracingOptions | undefined,
  program: TracedProgram,
  logger: LoggerService,
): Promise<Tracing | undefined> {
  if (options === undefined) return undefined;
  // Only here: the SDK takes longer to load than the rest of a small service.
  const { startSdk } = await import('./sdk.js');
  return startSdk(options, program, logger);
}
