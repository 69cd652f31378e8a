import { expect, it, vi } from 'vitest';

import type { ReceiptRequest } from '../receipts/receipt-request.decorator.js';
import type { ReceiptsService } from '../receipts/receipts.service.js';
import { RevocationReceipts } from './revocation-receipts.js';
import type { ListedRevocation, RevocationsRepository } from './revocations.repository.js';

const published = (id: string, xid: string): ListedRevocation => ({
  ...{ kind: 'sid', id, exp: 2_000_000_000, before: null, createdAt: new Date(0), xid },
});

it('demands every transaction, whichever of them was the last to commit', async () => {
  const receipt = vi.fn(async (_ids: ReadonlySet<bigint>) => ({ applied: [], pending: [] }));
  const rows = [published('own', '9'), published('of the cookie', '7')];
  const receipts = new RevocationReceipts(
    { published: async () => rows } as unknown as RevocationsRepository,
    { receipt } as unknown as ReceiptsService,
  );
  const wanted = { preferredMs: 5, options: () => ({}), honour: () => undefined };
  const ids = ['own', 'of the cookie'];
  const answer = await receipts.answer(wanted as unknown as ReceiptRequest, {
    ...{ kind: 'sid', ids },
  });
  expect(answer?.revocation.id).toBe('own');
  expect(receipt.mock.calls[0]?.[0]).toEqual(new Set([7n, 9n]));
});
