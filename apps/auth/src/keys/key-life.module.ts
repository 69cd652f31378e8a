import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { RevocationsModule } from '../revocations/revocations.module.js';
import { KeyLife } from './key-life.js';
import { KeyWatch } from './key-watch.js';
import { KeysModule } from './keys.module.js';

@Module({
  imports: [AuditModule, KeysModule, RevocationsModule],
  providers: [KeyLife, KeyWatch],
  exports: [KeyLife],
})
export class KeyLifeModule {}
