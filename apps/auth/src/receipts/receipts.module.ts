import { Module } from '@nestjs/common';

import { FollowerExchange } from './follower-exchange.js';
import { FollowerKeeper } from './follower-keeper.js';
import { FollowersRepository } from './followers.repository.js';
import { OwnFollowers } from './own-followers.js';
import { ReceiptsService } from './receipts.service.js';
import { ServicesAdminController } from './services.admin.controller.js';

@Module({
  controllers: [ServicesAdminController],
  providers: [
    { provide: OwnFollowers, useFactory: () => new OwnFollowers() },
    FollowersRepository,
    FollowerExchange,
    FollowerKeeper,
    ReceiptsService,
  ],
  exports: [OwnFollowers, FollowerExchange, ReceiptsService],
})
export class ReceiptsModule {}
