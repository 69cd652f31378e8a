import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'typeorm';

const nothing = (): void => undefined;

/**
 * TypeORM's voice, without what must not be written (queries have parameters, which are secrets) or
 * is thrown anyway, and never past the log of the service.
 */
export function typeOrmLogger(logger: LoggerService): Logger {
  return {
    logQuery: nothing,
    logQueryError: nothing,
    logQuerySlow: nothing,
    logSchemaBuild: nothing,
    logMigration: nothing,
    log: (level, message) => {
      if (level === 'warn') logger.warn(message);
    },
  };
}
