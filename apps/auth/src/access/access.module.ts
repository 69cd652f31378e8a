import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { AccessChanges } from './access-changes.js';
import { AccessModel } from './access-model.js';
import { AccessModelStart } from './access-model-start.js';
import { AccessRepository } from './access.repository.js';
import { ResourcesAdminController } from './resources.admin.controller.js';
import { ResourcesAdminService } from './resources.admin.service.js';
import { RolesAdminController } from './roles.admin.controller.js';
import { RolesAdminService } from './roles.admin.service.js';

@Module({
  imports: [AuditModule],
  controllers: [ResourcesAdminController, RolesAdminController],
  providers: [
    AccessChanges,
    AccessModel,
    AccessModelStart,
    AccessRepository,
    ResourcesAdminService,
    RolesAdminService,
  ],
  exports: [AccessChanges, AccessModel],
})
export class AccessModule {}
