import type { LoggerService } from '@nestjs/common';

/** How long what is in flight may take, and how long the whole shutdown. Together within 10 s. */
const DRAIN_MS = 8_000;
const SHUTDOWN_MS = 9_500;
/** One Ctrl-C reaches a process both from the terminal and from the launcher: that is one wish. */
const SAME_WISH_MS = 500;

/** What a process has to close before it may end. */
export interface Stoppable {
  /** Stops accepting at once, and resolves when all that was accepted is finished. */
  close(): Promise<unknown>;
  /** Cuts off what is still in flight. */
  closeNow(): void;
}

/**
 * Ends the process in good order on SIGTERM and SIGINT: exit code 0 within 10 s. A second signal
 * ends it at once.
 *
 * @param subject asked when the signal comes; `undefined` while there is nothing to close yet
 */
export function stopOnSignals(logger: LoggerService, subject: () => Stoppable | undefined): void {
  let stoppingSince: number | undefined;

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > SAME_WISH_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    logger.log(`${signal}: stopping`);
    const stoppable = subject();
    setTimeout(() => stoppable?.closeNow(), DRAIN_MS).unref();
    setTimeout(() => {
      logger.error('The shutdown takes too long: ending without it');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    try {
      await stoppable?.close();
      logger.log('Stopped');
      process.exit(0);
    } catch (error) {
      logger.error('The shutdown failed', error);
      process.exit(1);
    }
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
