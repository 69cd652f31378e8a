import {
  type BeforeApplicationShutdown,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { VerifierSettings } from '../runtime/verifier-options.js';
import { VerifierRuntime } from '../runtime/verifier-runtime.js';

/** The verifier and all that it needs, from the start of the application to its shutdown. */
export class JwtCoreRuntime
  extends VerifierRuntime
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  /** @param strictestMs the shortest `@Freshness()` of a route, if there is one */
  constructor(settings: VerifierSettings, strictestMs: number | undefined) {
    super(settings, { log: new Logger('JwtCore'), strictestMs });
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  /** Before connections close that a source may use. */
  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
