import { Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../admin-controller.decorator.js';
import { ReceiptsService } from './receipts.service.js';
import { ServiceList, type ServiceAnswer } from './services.schema.js';

@AdminController('services')
export class ServicesAdminController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Get()
  @ApiOperation({ summary: 'The processes that follow the revocation feed' })
  @ApiOkResponse({ standardSchema: ServiceList })
  list(): Promise<ServiceAnswer[]> {
    return this.receipts.followers();
  }
}
