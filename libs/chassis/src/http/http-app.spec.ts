import { provideProblems } from '@jwt-auth/jwt-core';
import { Body, Controller, Get, Logger, Module, Param, Post, Query, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { StructuredLogger } from '../logging/structured-logger.js';
import { createHttpApp } from './http-app.js';
import { serviceProblem } from './service-problem.js';

const Note = z.strictObject({
  text: z.string().min(1).max(20_000),
  tags: z
    .array(z.strictObject({ name: z.string().max(5) }))
    .max(3)
    .default([]),
});

@Controller('notes')
class NotesController {
  private readonly logger = new Logger('Notes');

  @Post()
  async add(@Body({ schema: Note }) note: z.infer<typeof Note>) {
    await new Promise(setImmediate);
    this.logger.log('Added');
    return note;
  }

  @Get('broken')
  broken(): never {
    throw new Error('SELECT secret FROM notes');
  }

  @Get('address')
  address(@Req() request: FastifyRequest) {
    return { ip: request.ip };
  }

  @Get('numbered/:number')
  numbered(@Param('number', { schema: z.coerce.number() }) number: number) {
    return { number };
  }

  @Get(':id')
  find(@Param('id') id: string, @Query('q') query?: string) {
    return { id, query };
  }
}

@Module({ controllers: [NotesController], providers: [provideProblems(serviceProblem)] })
class NotesModule {}

const lines: Record<string, unknown>[] = [];
const destination = {
  write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>),
};
let app: NestFastifyApplication;
let base: string;

async function start(trustProxy: false | number = false): Promise<NestFastifyApplication> {
  const started = await createHttpApp(NotesModule, {
    logger: new StructuredLogger({ name: 'notes', level: 'debug', destination }),
    trustProxy,
    documentation: { title: 'Notes', description: 'Keeps notes' },
    errorBodyOf: (path) => (path.startsWith('/forms/') ? { error: 'unreadable' } : undefined),
  });
  await started.listen({ host: '127.0.0.1', port: 0 });
  return started;
}

const portOf = (started: NestFastifyApplication): number =>
  (started.getHttpServer().address() as AddressInfo).port;

function post(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', ...headers };
  return fetch(`${base}/notes`, {
    method: 'POST',
    headers: json,
    ...(body !== undefined && { body }),
  });
}

/** Sends bytes that no client library would send. */
async function sendBytes(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(portOf(app), '127.0.0.1', () => socket.write(bytes));
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await once(socket, 'close');
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { head, body };
}

async function problemOf(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return (await answer.json()) as Record<string, unknown>;
}

beforeAll(async () => {
  app = await start();
  base = `http://127.0.0.1:${portOf(app)}`;
});
afterAll(() => app.close());
beforeEach(() => void lines.splice(0));

describe('the id of a request', () => {
  it('is the one that the caller sent', async () => {
    const id = 'Trace.1_2-'.repeat(6) + 'four';
    const answer = await fetch(`${base}/notes/1`, { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toBe(id);
  });

  it.each([
    ['too long', 'a'.repeat(65)],
    ['with a space', 'a b'],
    ['with markup', '<script>'],
    ['empty', ''],
  ])('is a new one if the sent one is %s', async (_name, id) => {
    const answer = await fetch(`${base}/notes/1`, { headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  it.each(['/nowhere', '/notes/broken', '/notes/%ff', `/notes/${'a'.repeat(200)}`, '/docs'])(
    'is in the answer to %s, and so are the security headers',
    async (path) => {
      const { headers } = await fetch(base + path);
      expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );
});

describe('a request that cannot be served', () => {
  it.each([
    ['has an invalid address', 'GET /forms/%ff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'],
    ['has no host', 'GET /forms/a HTTP/1.1\r\nconnection: close\r\n\r\n'],
  ])('is answered in the form of its path when it %s', async (_name, bytes) => {
    const { head, body } = await sendBytes(bytes);
    expect(head).toMatch(/^HTTP\/1.1 400 /);
    expect(head).toMatch(/content-type: application\/json; charset=utf-8/);
    expect(head).toMatch(/x-request-id: [\da-f-]{36}/);
    expect(JSON.parse(body)).toEqual({ error: 'unreadable' });
  });

  const refused: [string, () => Promise<Response>, number, string][] = [
    ['an unknown path', () => fetch(`${base}/nowhere?token=secret`), 404, 'not_found'],
    ['an unknown method', () => fetch(`${base}/notes`, { method: 'PUT' }), 404, 'not_found'],
    ['a path that is no UTF-8', () => fetch(`${base}/notes/%ff`), 400, 'invalid_input'],
    ['a segment without end', () => fetch(`${base}/notes/${'a'.repeat(4_000)}`), 404, 'not_found'],
    [
      'a body over 16 KiB',
      () => post(JSON.stringify({ text: 'a'.repeat(16_384) })),
      413,
      'body_too_large',
    ],
    [
      'a form',
      () => post('text=a', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    ],
    [
      'plain text',
      () => post('text', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    ],
    ['broken JSON', () => post('{"text":"secret'), 400, 'invalid_input'],
    [
      'JSON that is no UTF-8',
      () => post(Buffer.from('{"text":"\xe9"}', 'latin1')),
      400,
      'invalid_input',
    ],
    ['a poisoned prototype', () => post('{"text":"a","__proto__":{}}'), 400, 'invalid_input'],
    ['no body', () => post(undefined), 400, 'invalid_input'],
    ['an error of our own', () => fetch(`${base}/notes/broken`), 500, 'internal_error'],
  ];
  it.each(refused)('%s is answered with a problem', async (_name, send, status, code) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ status, code });
    const faults = [{ path: expect.any(String) as string, message: expect.any(String) as string }];
    expect(problem.errors).toEqual(code === 'invalid_input' ? faults : undefined);
    expect(JSON.stringify(problem)).not.toMatch(/secret|SELECT|node_modules/);
  });

  const noText: [string, () => Promise<Response>, string][] = [
    ['a lone surrogate', () => post('{"text":"a\\ud800"}'), 'text'],
    ['half a pair at the end', () => post('{"text":"\\ud83d\\ude00\\ud83d"}'), 'text'],
    ['NUL', () => post('{"text":"a\\u0000b"}'), 'text'],
    ['NUL deep inside', () => post('{"tags":[{"name":"a"},{"name":"\\u0000"}]}'), 'tags.1.name'],
    ['NUL in a name', () => post('{"tags":[{"na\\u0000me":"a"}]}'), 'tags.0'],
    ['a surrogate in the first name', () => post('{"\\udfff":1}'), ''],
    ['NUL in a path', () => fetch(`${base}/notes/a%00`), 'id'],
    ['NUL in a query', () => fetch(`${base}/notes/a?q=%00`), 'q'],
    ['NUL in the second of two', () => fetch(`${base}/notes/a?q=b&q=%00`), 'q.1'],
  ];
  it.each(noText)('is refused for %s, with the path of the fault', async (_name, send, path) => {
    const answer = await send();
    expect(answer.status).toBe(400);
    const problem = await problemOf(answer);
    expect(problem.code).toBe('invalid_input');
    expect(problem.errors).toEqual([{ path, message: expect.any(String) as string }]);
  });

  it('is found by a segment of 3,100 characters, and not by a longer one', async () => {
    const statusOf = async (length: number) =>
      (await fetch(`${base}/notes/${'a'.repeat(length)}`)).status;
    expect([await statusOf(3_100), await statusOf(3_101)]).toEqual([200, 404]);
  });

  it('is refused when its body is nested too deeply, at any depth', async () => {
    for (const depth of [66, 5_000]) {
      const nested = `{"tags":${'['.repeat(depth)}${']'.repeat(depth)}}`;
      const problem = await problemOf(await post(nested));
      expect(problem).toMatchObject({ code: 'invalid_input', errors: [{ path: 'tags' }] });
    }
  });

  it('is answered with every fault of its input', async () => {
    const faulty = { tags: [{ name: 'short' }, { name: 'too long' }], extra: 1 };
    const problem = await problemOf(await post(JSON.stringify(faulty)));
    expect((problem.errors as { path: string }[]).map(({ path }) => path)).toEqual([
      'text',
      'tags.1.name',
      '',
    ]);
  });

  it('is answered with the name of a parameter that its schema refuses', async () => {
    const problem = await problemOf(await fetch(`${base}/notes/numbered/x`));
    expect(problem).toMatchObject({ code: 'invalid_input', errors: [{ path: 'number' }] });
    expect(await (await fetch(`${base}/notes/numbered/7`)).json()).toEqual({ number: 7 });
  });

  it.each([
    ['is no HTTP', 'NONSENSE\r\n\r\n', 400],
    [
      'names two hosts',
      'GET /docs HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n',
      400,
    ],
    ['expects what is not there', 'GET /docs HTTP/1.1\r\nhost: a\r\nexpect: tea\r\n\r\n', 417],
    ['has too many headers', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is answered in the same form when it %s', async (_name, bytes, status) => {
    const { head, body } = await sendBytes(bytes);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json\r/);
    expect(head).toMatch(/x-request-id: [\da-f-]{36}/);
    const errors = status === 400 ? [{ path: '', message: 'cannot be read' }] : undefined;
    expect(JSON.parse(body)).toEqual(
      expect.objectContaining({ status, ...(errors && { errors }) }),
    );
  });
});

it('logs no error when a caller hangs up while it sends a body', async () => {
  const head = 'POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
  const socket = connect(portOf(app), '127.0.0.1', () => {
    socket.write(`${head}x-request-id: gone\r\ncontent-length: 9\r\n\r\n{`, () => socket.destroy());
  });
  await once(socket, 'close');
  // Later requests are served after it, and logged after it.
  for (let i = 0; i < 3; i += 1) await fetch(`${base}/notes/1`);
  await expect.poll(() => lines.length).toBeGreaterThanOrEqual(3);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('a request that is served', () => {
  it('has its body validated and completed by the schema', async () => {
    const answer = await post('{"text":"a"}', {
      'content-type': 'application/json; charset=utf-8',
    });
    expect(await answer.json()).toEqual({ text: 'a', tags: [] });
  });

  it('is logged in one line with the route, without path, query and headers', async () => {
    await fetch(`${base}/notes/secret-path?q=secret-query`, {
      headers: { authorization: 'secret-header', 'x-request-id': 'r1' },
    });
    await expect.poll(() => lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      msg: 'request',
      requestId: 'r1',
      'service.name': 'notes',
      'http.request.method': 'GET',
      'http.route': '/notes/:id',
      'http.response.status_code': 200,
      'http.server.request.duration': expect.any(Number) as number,
      'client.address': '127.0.0.1',
    });
    expect(JSON.stringify(lines)).not.toMatch(/secret/);
  });

  it('has its id in the lines of its handler, also after a body', async () => {
    await post('{"text":"a"}', { 'x-request-id': 'r2' });
    await expect.poll(() => lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ msg: 'Added', context: 'Notes', requestId: 'r2' });
  });

  it('has its trace in all its lines, that of its caller or a new one', async () => {
    const [traceId, parentId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    await post('{"text":"a"}', { traceparent: `00-${traceId}-${parentId}-01` });
    await expect.poll(() => lines).toHaveLength(2);
    expect(lines.map((line) => line['trace_id'])).toEqual([traceId, traceId]);
    expect(lines[0]?.['span_id']).toMatch(/^[\da-f]{16}$/);
    expect(lines[1]).toMatchObject({ span_id: lines[0]?.['span_id'], trace_flags: '01' });
    await post('{"text":"a"}', { traceparent: 'none' });
    await expect.poll(() => lines).toHaveLength(4);
    expect(lines[3]?.['trace_id']).toMatch(/^(?!4bf92f)[\da-f]{32}$/);
    expect(lines[2]?.['trace_id']).toBe(lines[3]?.['trace_id']);
  });

  it('comes from its peer, whatever its headers say, unless a proxy is trusted', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.1, 203.0.113.2' };
    const path = '/notes/address';
    expect(await (await fetch(base + path, { headers })).json()).toEqual({ ip: '127.0.0.1' });
    const behindOne = await start(1);
    const answer = await fetch(`http://127.0.0.1:${portOf(behindOne)}${path}`, { headers });
    expect(await answer.json()).toEqual({ ip: '203.0.113.2' });
    await behindOne.close();
  });
});
