import { Module } from '@nestjs/common';

import { DatabaseNotifications } from '../events/database-notifications.js';
import { FollowerKeeper } from './follower-keeper.js';
import { FollowerWatch } from './follower-watch.js';
import { FOLLOWER_CHANNELS, FollowersRepository } from './followers.repository.js';
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
  exports: [OwnFollowers, ReceiptsService],
})
export class ReceiptsModule {
  constructor(notifications: DatabaseNotifications, keeper: FollowerKeeper, watch: FollowerWatch) {
    notifications.on(FOLLOWER_CHANNELS.ask, () => keeper.noteAsk());
    notifications.on(FOLLOWER_CHANNELS.askOnce, () => keeper.noteAskOnce());
    notifications.on(FOLLOWER_CHANNELS.saved, () => watch.noteSaved());
    notifications.on(FOLLOWER_CHANNELS.left, (follower) => {
      keeper.noteLeft(follower);
      watch.noteSaved();
    });
  }
}
