import { Module } from '@nestjs/common';

import { KeysModule } from '../keys/keys.module.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationsController } from './revocations.controller.js';
import { RevocationsService } from './revocations.service.js';

@Module({
  imports: [KeysModule],
  controllers: [RevocationsController],
  providers: [RevocationsService, RevocationFeed],
  exports: [RevocationsService],
})
export class RevocationsModule {}
