import type { LoggerService } from '@nestjs/common';

/**
 * Ends the process with code 1 after an error that nobody caught. What it left half done is unknown,
 * and a new process is cheap.
 */
export function exitOnCrash(logger: LoggerService): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal?.(`Ending after an ${origin}`, error);
    process.exit(1);
  });
}
