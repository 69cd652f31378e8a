import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request came from, as sessions show it and the audit log keeps it. */
export interface Origin {
  readonly address: string;
  /** What the client says of itself: cut short, and never to be trusted. */
  readonly userAgent: string | null;
  readonly requestId: string;
}

const MAX_USER_AGENT = 256;

/** The parameter of a handler that receives the origin of its request. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext) =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export function originOf(request: Pick<FastifyRequest, 'ip' | 'id' | 'headers'>): Origin {
  return {
    // A socket that listens on IPv6 shows IPv4 peers in disguise (RFC 4291 section 2.5.5.2).
    address: request.ip.replace(/^::ffff:(?=\d+\.)/i, ''),
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    requestId: request.id,
  };
}
