import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  type INestApplication,
  type Type,
  UseGuards,
} from '@nestjs/common';

/** What a stack is made with. Plain data, because it is sent to another process. */
export interface ServerSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's public key, as the libraries' documentations pass it. */
  readonly publicKeyPem: string;
  /** Postgres with the table of revoked tokens, for the stack that reads one. */
  readonly databaseUrl: string;
}

/** One way to protect a route of a Nest application. */
export interface Stack {
  readonly platform: 'fastify' | 'express';
  readonly moduleFor: (settings: ServerSettings) => DynamicModule;
  /** Changes the application before it listens, if a module cannot. */
  readonly prepare?: (app: INestApplication, settings: ServerSettings) => void;
}

/** All of them, by the name of their file. */
export type StackName =
  | 'fastify-open'
  | 'fastify-empty-guard'
  | 'fastify-jwt-core'
  | 'fastify-jwt-strategy'
  | 'fastify-passport-jwt'
  | 'fastify-nest-docs'
  | 'fastify-jose'
  | 'express-passport-jwt'
  | 'express-passport-jwt-select'
  | 'express-oauth2-jwt-bearer';

const order = { id: 'b52e3b0c', status: 'open', currency: 'EUR', total: 900 };

/** The route that every stack serves, behind these guards: always the same small body. */
export function ordersBehind(...guards: Type<CanActivate>[]): Type {
  @Controller('orders')
  @UseGuards(...guards)
  class OrdersController {
    @Get()
    list() {
      return { items: [order] };
    }
  }
  return OrdersController;
}

/** The module of a stack: its metadata come from `moduleFor`. */
export class StackModule {}
