import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';

import { AdminController } from '../admin-controller.decorator.js';
import { ByCaller, type DoneBy } from '../audit/origin.js';
import { factorAnswer, FactorList } from './factors.schema.js';
import { FactorsService } from './factors.service.js';

@AdminController('users/:id/factors')
export class FactorsAdminController {
  constructor(private readonly factors: FactorsService) {}

  @Get()
  @ApiOperation({ summary: 'The second factors of a user, the oldest first' })
  @ApiOkResponse({ standardSchema: FactorList })
  async list(@Param('id') userId: string): Promise<FactorList> {
    const { factors, ...more } = await this.factors.list(userId);
    return { items: factors.map(factorAnswer), ...more };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove all second factors of another user, who has lost them' })
  @ApiNoContentResponse()
  async reset(@Param('id') userId: string, @ByCaller() by: DoneBy): Promise<void> {
    await this.factors.reset(userId, by);
  }
}
