import { provideProblems } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { z } from 'zod';

import { StructuredLogger } from '../logging/structured-logger.js';
import { createHttpApp, type HttpAppOptions } from './http-app.js';
import { serviceProblem } from './service-problem.js';

const Note = z.strictObject({ text: z.string().max(20_000) });

@Controller('notes')
class NotesController {
  @Post()
  add(@Body({ schema: Note }) note: z.infer<typeof Note>) {
    return note;
  }

  @Get()
  list() {
    return [];
  }

  @Get('never')
  never() {
    return new Promise(() => undefined);
  }
}

@Module({ controllers: [NotesController], providers: [provideProblems(serviceProblem)] })
class NotesModule {}

/** An app that listens, with one controller, and what it has logged. */
export interface RunningHttpApp {
  readonly app: NestFastifyApplication;
  readonly base: string;
  readonly lines: readonly Record<string, unknown>[];
  /** Sends bytes that no client library would send, and returns all that is sent back. */
  send(bytes: string): Promise<string>;
}

export async function startHttpApp(options: Partial<HttpAppOptions> = {}): Promise<RunningHttpApp> {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
  const app = await createHttpApp(NotesModule, {
    logger: new StructuredLogger({ name: 'notes', level: 'info', destination: { write } }),
    trustProxy: false,
    documentation: { title: 'Notes', description: 'Keeps notes' },
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const send = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    await once(socket, 'close');
    return answer;
  };
  return { app, base: `http://127.0.0.1:${port}`, lines, send };
}
