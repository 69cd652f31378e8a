import { Module } from '@nestjs/common';

import { AuditAdminController } from './audit.admin.controller.js';
import { AuditRetention } from './audit-retention.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';

@Module({
  controllers: [AuditAdminController],
  providers: [AuditService, AuditRepository, AuditRetention],
  exports: [AuditRepository, AuditService],
})
export class AuditModule {}
