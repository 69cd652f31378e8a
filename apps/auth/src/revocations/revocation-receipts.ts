import type { Revocation } from '@jwt-auth/jwt-core';
import { Injectable, Logger } from '@nestjs/common';

import { ReceiptsService } from '../receipts/receipts.service.js';
import type { ReceiptRequest } from '../receipts/receipt-request.decorator.js';
import { revocationAnswer, type RevocationReceipt } from './revocations.admin.schema.js';
import { RevocationsRepository } from './revocations.repository.js';

export interface WantedRevocations extends Pick<Revocation, 'kind'> {
  /** The receipt names the first of them. */
  readonly ids: readonly string[];
}

/** Answers with a receipt what was revoked, where the caller prefers that. */
@Injectable()
export class RevocationReceipts {
  private readonly logger = new Logger(RevocationReceipts.name);

  constructor(
    private readonly repository: RevocationsRepository,
    private readonly receipts: ReceiptsService,
  ) {}

  /**
   * The receipt of revocations that were committed. `undefined`: the answer stays as it is without
   * one, as nobody wants it, or nothing was revoked, or the database cannot be read just now. What is
   * revoked stays revoked.
   */
  async answer(
    wanted: ReceiptRequest,
    { kind, ids }: WantedRevocations,
    waitMs = wanted.preferredMs,
  ): Promise<RevocationReceipt | undefined> {
    if (waitMs === undefined) return undefined;
    try {
      const published = await this.repository.published(kind, ids);
      const [first] = published;
      if (first === undefined) return undefined;
      // All of them: the largest id is not always the last to commit.
      const transactionIds = new Set(published.map(({ xid }) => BigInt(xid)));
      const receipt = await this.receipts.receipt(transactionIds, wanted.options(waitMs));
      wanted.honour(waitMs);
      return { revocation: revocationAnswer(first), ...receipt };
    } catch (error) {
      this.logger.warn('Answering without a receipt', error);
      return undefined;
    }
  }
}
