import { PageQuery, type Page } from '@jwt-auth/chassis';
import { Body, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { ByCaller, type DoneBy } from '../audit/origin.js';
import { AdminController } from '../admin-controller.decorator.js';
import {
  ApiReceipt,
  WantedReceipt,
  type ReceiptRequest,
} from '../receipts/receipt-request.decorator.js';
import { RevocationReceipts } from './revocation-receipts.js';
import {
  ReceiptQuery,
  revocationAnswer,
  RevocationAdminPage,
  RevocationAnswer,
  RevocationReceipt,
  RevocationRequest,
} from './revocations.admin.schema.js';
import { RevocationsAdminService } from './revocations.admin.service.js';

@AdminController('revocations')
export class RevocationsAdminController {
  constructor(
    private readonly revocations: RevocationsAdminService,
    private readonly receipts: RevocationReceipts,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What is revoked, the latest first' })
  @ApiOkResponse({ standardSchema: RevocationAdminPage })
  async list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<RevocationAnswer>> {
    const { items, nextCursor } = await this.revocations.list(query);
    return { items: items.map(revocationAnswer), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Revoke a token, a session, the tokens of a client, or a signing key' })
  @ApiReceipt()
  @ApiCreatedResponse({ standardSchema: RevocationAnswer })
  @ApiOkResponse({ standardSchema: RevocationReceipt })
  async add(
    @Body({ schema: RevocationRequest }) revocation: RevocationRequest,
    @ByCaller() by: DoneBy,
    @WantedReceipt() wanted: ReceiptRequest,
    @Query({ schema: ReceiptQuery }) { wait }: ReceiptQuery,
  ): Promise<RevocationAnswer | RevocationReceipt> {
    const added = await this.revocations.add(revocation, by);
    const { kind, id } = added;
    const receipt = await this.receipts.answer(wanted, { kind, ids: [id] }, wait);
    return receipt ?? revocationAnswer(added);
  }
}
