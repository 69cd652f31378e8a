import { RetentionModule } from '@jwt-auth/chassis';
import { Module } from '@nestjs/common';

import { OrdersController } from './orders.controller.js';
import { EXPIRED_KEYS, OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [RetentionModule.forRoot({ rows: [EXPIRED_KEYS] })],
  controllers: [OrdersController],
  providers: [OrdersService, OrdersRepository],
})
export class OrdersModule {}
