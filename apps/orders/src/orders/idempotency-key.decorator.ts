import { BadRequestException, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * The `Idempotency-Key` of a request, `undefined` without one: 1 to 255 printable characters of
 * ASCII, once.
 */
export const IdempotencyKeyHeader = createParamDecorator(
  (_options: unknown, context: ExecutionContext): string | undefined => {
    const { raw } = context.switchToHttp().getRequest<FastifyRequest>();
    const [key, ...more] = raw.headersDistinct['idempotency-key'] ?? [];
    if (key === undefined) return undefined;
    if (more.length === 0 && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
    throw new BadRequestException([
      'Idempotency-Key: expected once, with 1 to 255 printable characters of ASCII',
    ]);
  },
);
