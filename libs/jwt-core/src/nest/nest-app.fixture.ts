import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  type INestApplication,
  type LoggerService,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** The platforms on which everything has to behave alike. */
export const platforms = [
  ['Fastify', () => new FastifyAdapter({ bodyLimit: 16_384 })],
  ['Express', () => new ExpressAdapter()],
] as const;
export type MakeAdapter = (typeof platforms)[number][1];

/** An application that does not listen yet. */
export async function createApp(
  makeAdapter: MakeAdapter,
  metadata: ModuleMetadata,
  logger: LoggerService | false = false,
): Promise<INestApplication> {
  @Module(metadata)
  class AppModule {}
  return NestFactory.create(AppModule, makeAdapter(), { logger, abortOnError: false });
}

/** Makes it listen on a free port, and gives its address. */
export async function listen(app: INestApplication): Promise<string> {
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  return `http://127.0.0.1:${port}`;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Question {
  readonly method?: string;
  /** Name, value, name, value, as they go over the wire. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** One request, with exactly these headers: `fetch` would merge two of the same name. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', headers = [], body = '' } = question;
  const length = method === 'GET' ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const host = ['Host', new URL(url).host];
    const sent = httpRequest(url, { method, headers: [...host, ...headers, ...length] as never });
    sent.once('error', reject).once('response', (response) => {
      const { statusCode: status = 0, headers: received } = response;
      json(response).then(
        (body) => resolve({ status, headers: received, body: body as Answer['body'] }),
        reject,
      );
    });
    sent.end(body);
  });
}

/** The header of a request that carries this token. */
export const bearer = (token: string) => ['Authorization', `Bearer ${token}`];
