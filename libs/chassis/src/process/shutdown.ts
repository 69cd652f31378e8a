import type { LoggerService } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';

/** The time for requests in flight, and for the whole shutdown: less than 10 s. */
const DRAIN_MS = 8_000;
const SHUTDOWN_MS = 9_500;
/** One Ctrl-C reaches a process twice: from the terminal and from the launcher. */
const SAME_REQUEST_MS = 500;

/** What a process closes before it ends. */
export interface Stoppable {
  /** Whether there are clients that the process must not surprise. */
  isServing(): boolean;
  /** Reports that the process will stop, and goes on serving. */
  drain(): void;
  /** Stops accepting at once, and resolves when all accepted requests are finished. */
  close(): Promise<unknown>;
  /** Closes all connections, also those with requests in flight. */
  closeNow(): void;
}

/**
 * Ends the process on SIGTERM and SIGINT after it finished its requests, with exit code 0 within
 * 10 s after `delayMs`. A second signal ends it at once.
 *
 * @param delayMs how long it goes on serving, so that balancers see that it is not ready any more
 */
export function stopOnSignals(logger: LoggerService, stoppable: Stoppable, delayMs: number): void {
  let stoppingSinceMs: number | undefined;

  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stoppingSinceMs !== undefined) {
      if (performance.now() - stoppingSinceMs > SAME_REQUEST_MS) process.exit(1);
      return;
    }
    stoppingSinceMs = performance.now();
    logger.log(`${signal}: stopping`);
    stoppable.drain();
    if (stoppable.isServing()) await delay(delayMs);
    setTimeout(() => stoppable.closeNow(), DRAIN_MS).unref();
    setTimeout(() => {
      logger.error('The shutdown takes too long: ending now');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    try {
      await stoppable.close();
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

/**
 * Ends the process with code 1 after an uncaught error: its state is unknown, and a new process is
 * cheap.
 */
export function exitOnCrash(logger: LoggerService): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal?.(`Ending after an ${origin}`, error);
    process.exit(1);
  });
}
