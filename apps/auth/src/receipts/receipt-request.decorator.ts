import { callerAddress, connectionEnd, networkOf } from '@jwt-auth/chassis';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { preferredWaitSeconds } from '../prefer.js';
import { MAX_RECEIPT_WAIT_MS, type ReceiptOptions } from './receipts.service.js';

/** Whether, and for how long, the caller of a route waits for a receipt. */
export class ReceiptRequest {
  /** By `Prefer: wait=N`, at most ten seconds. `undefined`: no receipt is wanted. */
  readonly preferredMs: number | undefined;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {
    const { prefer } = request.headers;
    const seconds = preferredWaitSeconds(Array.isArray(prefer) ? prefer.join() : prefer);
    this.preferredMs =
      seconds === undefined ? undefined : Math.min(seconds * 1_000, MAX_RECEIPT_WAIT_MS);
  }

  options(waitMs: number): ReceiptOptions {
    return {
      waitMs,
      signal: connectionEnd(this.request, this.reply),
      network: networkOf(callerAddress(this.request)),
    };
  }

  /** Makes the answer one with a receipt. */
  honour(waitMs: number): void {
    this.reply.status(200);
    if (waitMs === this.preferredMs) {
      this.reply.header('preference-applied', `wait=${waitMs / 1_000}`);
    }
  }
}

/** A handler parameter. */
export const WantedReceipt = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const http = context.switchToHttp();
  return new ReceiptRequest(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});

/** Documents that a route takes `Prefer: wait=N`. */
export const ApiReceipt = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'prefer',
      required: false,
      description:
        '`wait=N` (RFC 7240), at most 10: answer with 200 and a receipt once every live service ' +
        'has applied the revocation, or after N seconds',
      schema: { type: 'string', example: 'wait=2' },
    }),
  );
