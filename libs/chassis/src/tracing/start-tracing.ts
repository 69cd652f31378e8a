import type { LoggerService } from '@nestjs/common';

import type { TracingOptions } from '../settings/tracing-settings.js';
import type { TracedProgram, Tracing } from './sdk.js';

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
