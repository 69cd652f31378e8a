import { pageOf, PageQuery, type Page } from '@jwt-auth/chassis';
import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import type { AuditEvent } from './audit-event.entity.js';
import { AuditRepository } from './audit.repository.js';
import { AdminController } from '../access/admin-controller.decorator.js';

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
export class AuditAdminController {
  constructor(private readonly log: AuditRepository) {}

  @Get()
  @ApiOperation({ summary: 'Who did what to whom, the latest first' })
  @ApiOkResponse({ standardSchema: pageOf(AuditAnswer).meta({ id: 'AuditPage' }) })
  list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<AuditEvent>> {
    return this.log.list(query);
  }
}
