import { Module } from '@nestjs/common';

import { AuditLog } from './audit-log.js';
import { AuditService } from './audit.service.js';

@Module({ providers: [AuditService, AuditLog], exports: [AuditService, AuditLog] })
export class AuditModule {}
