import type { LoggerService } from '@nestjs/common';

/**
 * Logs the warnings of Node and of packages, such as deprecations, which Node would write as text to
 * standard error. With `--no-warnings` Node reports none.
 */
export function logProcessWarnings(logger: LoggerService): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    logger.warn('Warning of the process', warning, 'Process');
  });
}
