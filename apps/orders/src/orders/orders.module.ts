import { Module } from '@nestjs/common';

import { IdempotencyRetention } from './idempotency-retention.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

/** Orders: placing, listing, reading, cancelling. */
@Module({
  controllers: [OrdersController],
  providers: [OrdersService, IdempotencyRetention],
})
export class OrdersModule {}
