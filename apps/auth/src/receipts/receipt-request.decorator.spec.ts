import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';

import { ReceiptRequest } from './receipt-request.decorator.js';

it.each([
  ['wait=0', 0],
  ['wait=10', 10_000],
  ['wait=11', 10_000],
  ['wait=99', 10_000],
  ['respond-async', undefined],
  [undefined, undefined],
])('Prefer: %s is a wait of %s ms', (prefer, preferredMs) => {
  const request = { headers: { prefer } } as unknown as FastifyRequest;
  expect(new ReceiptRequest(request, {} as FastifyReply).preferredMs).toBe(preferredMs);
});
