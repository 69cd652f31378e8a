import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { JwtCoreLog } from '../issuer/log.js';
import type { VerifierSettings } from '../runtime/verifier-options.js';
import { VerifierRuntime } from '../runtime/verifier-runtime.js';

/** The verifier and all that it needs, from the start of the application to its shutdown. */
export class JwtCoreRuntime
  extends VerifierRuntime
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  /**
   * @param strictestMs finds the shortest `@Freshness()` of a route, if there is one. Called when all
   *   resolvers are made, also those of factories
   * @param waitMs how long the start waits for the issuers
   */
  constructor(
    settings: VerifierSettings,
    private readonly logger: JwtCoreLog,
    private readonly strictestMs?: () => number | undefined,
    private readonly waitMs?: number,
  ) {
    super(settings, { log: logger });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.start(this.strictestMs?.());
    if (this.waitMs === undefined) return this.warnOfNoWait();
    if (this.waitMs > 0) await this.ready(this.waitMs).catch((error) => this.warn(error));
  }

  /** An auth server has its keys and its list in its database. */
  private warnOfNoWait(): void {
    if (!this.issuers.some(({ asksIssuer }) => asksIssuer)) return;
    this.logger.warn(
      'The start does not wait for the issuer: tokens are refused with 503 until its keys and ' +
        'revocations have arrived. Set waitForIssuerMs to wait, or to 0 to agree.',
    );
  }

  private warn(error: unknown): void {
    this.logger.warn(`Started without all issuers. ${(error as Error).message}`);
  }

  /** Before connections close that a source may use. */
  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
