import { pageOf, PageQuery, type Page } from '@jwt-auth/chassis';
import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import type { AuditEvent } from '../audit/audit-event.entity.js';
import { AuditLog } from '../audit/audit-log.js';
import { AdminController } from './admin-controller.decorator.js';

const AuditAnswer = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    action: z.string(),
    actor: z.string().nullable().meta({ description: 'null: nobody can be named' }),
    subject: z.string().nullable(),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' });

@AdminController('audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @ApiOperation({ summary: 'Who did what to whom, the latest first' })
  @ApiOkResponse({ standardSchema: pageOf(AuditAnswer).meta({ id: 'AuditPage' }) })
  list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<AuditEvent>> {
    return this.log.list(query);
  }
}
