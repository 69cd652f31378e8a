import { Identifier, line, pageOf, PageQuery, type Page } from '@jwt-auth/chassis';
import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { z } from 'zod';

import { AdminController } from '../admin-controller.decorator.js';
import type { AuditEvent } from './audit-event.entity.js';
import { AuditRepository } from './audit.repository.js';

const AuditQuery = PageQuery.extend({
  action: line(64)
    .regex(/^\w+(\.\w+)?$/, 'expected an action such as user.created, or what precedes its dot')
    .optional()
    .meta({ description: '`user.created`, or `user` for everything that is done to users' }),
  actor: Identifier.optional(),
  subject: Identifier.optional(),
});
type AuditQuery = z.infer<typeof AuditQuery>;

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
  list(@Query({ schema: AuditQuery }) query: AuditQuery): Promise<Page<AuditEvent>> {
    const { action, actor, subject, ...page } = query;
    return this.log.list(page, { action, actor, subject });
  }
}
