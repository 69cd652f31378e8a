import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
