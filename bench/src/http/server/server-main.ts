import 'reflect-metadata';
import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Stack } from '../stacks/stack.js';
import { currentUsage } from '../../apps/process-usage.js';
import type { ServerOrder } from './server-process.js';

/** @returns the address of the stack */
async function serve({ stack: name, settings }: ServerOrder): Promise<string> {
  const { stack } = (await import(`../stacks/${name}.js`)) as { stack: Stack };
  const adapter = stack.platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app: INestApplication = await NestFactory.create(stack.moduleFor(settings), adapter, {
    logger: false,
    abortOnError: false,
  });
  stack.prepare?.(app, settings);
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

// In a full run each stack has a process of its own: it shares its heap, its event loop and its
// passport with no other.
process.on('disconnect', () => process.exit());
process.on('message', (order: ServerOrder | 'usage') => {
  if (order === 'usage') process.send?.(currentUsage());
  else void serve(order).then((url) => process.send?.(url));
});
