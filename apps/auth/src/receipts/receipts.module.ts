import { Module } from '@nestjs/common';

import { FollowerKeeper } from './follower-keeper.js';
import { FollowerWatch } from './follower-watch.js';
import { FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';
import { ReceiptsService } from './receipts.service.js';
import { ServicesAdminController } from './services.admin.controller.js';

@Module({
  controllers: [ServicesAdminController],
  providers: [
    { provide: OwnFollowers, useFactory: () => new OwnFollowers() },
    FollowersRepository,
    FollowerKeeper,
    FollowerWatch,
    ReceiptsService,
  ],
  exports: [OwnFollowers, FollowerKeeper, FollowerWatch, ReceiptsService],
})
export class ReceiptsModule {}
