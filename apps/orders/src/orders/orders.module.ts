import { RetentionModule } from '@jwt-auth/chassis';
import { Module } from '@nestjs/common';

import { EXPIRED_ROWS } from './expired-rows.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

/** Orders: placing, listing, reading, cancelling. */
@Module({
  imports: [RetentionModule.forRoot({ rows: EXPIRED_ROWS })],
  controllers: [OrdersController],
  providers: [OrdersService],
})
export class OrdersModule {}
