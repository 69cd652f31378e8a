import 'reflect-metadata';
import { once } from 'node:events';
import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Stack } from '../stacks/stack.js';
import { currentUsage } from '../../processes/usage.js';
import type { ServerSettings } from './server-process.js';

// One stack in a process of its own: nobody shares its heap, its event loop or its passport.
const [name = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit());
const [settings] = (await once(process, 'message')) as [ServerSettings];
const { stack } = (await import(`../stacks/${name}.js`)) as { stack: Stack };
const adapter = stack.platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app: INestApplication = await NestFactory.create(stack.moduleFor(settings), adapter, {
  logger: false,
  abortOnError: false,
});
stack.prepare?.(app, settings);
await app.listen(0, '127.0.0.1');
process.on('message', () => process.send?.(currentUsage()));
process.send?.(await app.getUrl());
