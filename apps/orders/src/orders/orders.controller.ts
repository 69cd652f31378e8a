import {
  AccessError,
  CurrentPrincipal,
  JwtGuard,
  RequireScopes,
  type Principal,
} from '@jwt-auth/jwt-core';
import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';

import { IdempotencyKeyHeader } from './idempotency-key.decorator.js';
import { NewOrder, OrderAnswer, OrderPageAnswer, OrdersQuery } from './orders.schema.js';
import { OrdersService } from './orders.service.js';

/** The orders of the caller. Administrators may list those of others. */
@ApiTags('orders')
@ApiBearerAuth()
@Controller('orders')
@UseGuards(JwtGuard)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  @RequireScopes('orders:write')
  @ApiOperation({ summary: 'Place an order' })
  @ApiHeader({
    name: 'Idempotency-Key',
    description: 'Repeats with the same key and content give the same order, for a day.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @ApiCreatedResponse({ standardSchema: OrderAnswer })
  place(
    @CurrentPrincipal() customer: Principal,
    @Body({ schema: NewOrder }) order: NewOrder,
    @IdempotencyKeyHeader() key?: string,
  ) {
    return this.orders.place(customer.subject, order, key);
  }

  @Get()
  @RequireScopes('orders:read')
  @ApiOperation({
    summary: "List one's orders, or those of any customer with the role and the scope admin",
  })
  @ApiOkResponse({ standardSchema: OrderPageAnswer })
  list(@CurrentPrincipal() caller: Principal, @Query({ schema: OrdersQuery }) query: OrdersQuery) {
    const { customerId = caller.subject, status, ...page } = query;
    if (customerId !== caller.subject) demandAdministrator(caller);
    return this.orders.list({ customerId, status }, page);
  }

  @Get(':id')
  @RequireScopes('orders:read')
  @ApiOperation({ summary: "Read one of one's orders" })
  @ApiOkResponse({ standardSchema: OrderAnswer })
  find(@CurrentPrincipal() customer: Principal, @Param('id') id: string) {
    return this.orders.find(customer.subject, id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScopes('orders:write')
  @ApiOperation({ summary: "Cancel one of one's open orders" })
  @ApiOkResponse({ standardSchema: OrderAnswer })
  cancel(@CurrentPrincipal() customer: Principal, @Param('id') id: string) {
    return this.orders.cancel(customer.subject, id);
  }
}

/**
 * Roles first, as in the guard. The scope as well: a token that an administrator narrowed reads only
 * the administrator's own orders.
 *
 * @throws AccessError
 */
function demandAdministrator({ roles, scopes }: Principal): void {
  const required = ['orders:read', 'admin'];
  if (!roles.includes('admin')) {
    throw new AccessError('insufficient_role', 'Orders of others are for role admin', required);
  }
  if (!scopes.includes('admin')) {
    throw new AccessError('insufficient_scope', 'The token lacks the scope admin', required);
  }
}
