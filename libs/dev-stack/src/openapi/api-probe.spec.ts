import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiProbe, type ApiProbeOptions } from './api-probe.js';

const content = (type: string, schema: object) => ({ content: { [type]: { schema } } });
const note = {
  type: 'object',
  properties: { id: { type: 'string', format: 'uuid' }, text: { type: 'string', maxLength: 100 } },
  required: ['id', 'text'],
  additionalProperties: false,
};
const newNote = {
  type: 'object',
  properties: { text: { type: 'string', minLength: 3 }, color: { type: 'string' } },
  required: ['text'],
};
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const problem = content('application/problem+json', { type: 'object' });
const DOCUMENT = {
  paths: {
    '/notes': {
      post: {
        requestBody: content('application/json', newNote),
        responses: { 201: content('application/json', note), default: problem },
      },
    },
    '/notes/{id}': {
      get: {
        parameters: [id],
        responses: { 200: content('application/json', note), default: problem },
      },
    },
  },
};

interface Given {
  readonly request: IncomingMessage;
  readonly body: string;
}

const ID = '0c6e7a2c-7a3c-4a3e-8d3f-5a8f2c8e1b11';
const good = { id: ID, text: 'a note' };
const refusal = { type: 'about:blank', title: 'Bad Request', status: 400, code: 'invalid_input' };

let server: Server;
let probe: ApiProbe;
afterEach(() => {
  probe.close();
  server.close();
});

/** A service that answers as documented, unless `wrongly` answers instead. */
async function probing(
  wrongly: (given: Given, reply: (status: number, body: unknown, type?: string) => void) => unknown,
  document: object = DOCUMENT,
  issued?: ApiProbeOptions['issued'],
): Promise<ApiProbe> {
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const reply = (status: number, answer: unknown, type = 'application/json') => {
      response.writeHead(status, { 'content-type': type, 'x-request-id': 'one' });
      response.end(JSON.stringify(answer));
      return true;
    };
    if (request.url === '/docs-json') return reply(200, document);
    if (wrongly({ request, body }, reply)) return undefined;
    const isPost = request.method === 'POST';
    const isValid = !isPost || isNote(body);
    return isValid
      ? reply(isPost ? 201 : 200, good)
      : reply(400, refusal, 'application/problem+json');
  };
  server = createServer((request, response) => void listener(request, response));
  server.on('clientError', (_, socket) => {
    const body = JSON.stringify(refusal);
    const headers = 'content-type: application/problem+json\r\nx-request-id: one\r\n';
    socket.end(`HTTP/1.1 400 Bad Request\r\n${headers}connection: close\r\n\r\n${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    ...{ known: {}, callerOf: () => undefined, logIn: async () => '' },
    ...(issued && { issued }),
  };
  probe = await ApiProbe.start({ base, ...options, timeoutMs: 60_000 });
  return probe;
}

function isNote(body: string): boolean {
  try {
    return typeof (JSON.parse(body) as { text?: unknown } | null)?.text === 'string';
  } catch {
    return false;
  }
}

const all = async (tried: ApiProbe) => [
  ...tried.documentFaults(),
  ...(await tried.sendValid()),
  ...(await tried.sendOdd(2)),
];

describe('ApiProbe', () => {
  it('finds nothing in a service that answers as documented, and sends real ids', async () => {
    const paths: string[] = [];
    expect(await all(await probing(({ request }) => void paths.push(request.url ?? '')))).toEqual(
      [],
    );
    expect(paths).toContain(`/notes/${ID.replaceAll('-', '%2d')}`);
  });

  it.each<[string, Parameters<typeof probing>[0], string]>([
    ['a status that is not documented', (_, reply) => reply(200, good), 'does not name'],
    ['a server error', (_, reply) => reply(500, refusal), 'is 500'],
    [
      'a member that is not documented',
      (_, reply) => reply(201, { ...good, x: 1 }),
      'does not fit',
    ],
    ['another type', (_, reply) => reply(201, good, 'text/html'), 'undocumented type text/html'],
    ['a refusal that is no problem', (_, reply) => reply(400, { error: 'x' }), 'in another form'],
    [
      'a refusal with another status in it',
      (_, reply) => reply(404, refusal, 'application/problem+json'),
      'is 404, but says 400',
    ],
    [
      'a refusal of what is valid',
      ({ body }, reply) =>
        !body.includes('color') && reply(400, refusal, 'application/problem+json'),
      'refuses what its document calls valid',
    ],
    [
      'a closed connection',
      ({ request }) => request.url?.includes('?') && request.socket.destroy(),
      'has no answer',
    ],
  ])('finds %s', async (_name, wrongly, fault) => {
    const tried = await probing(
      (given, reply) => given.request.method === 'POST' && wrongly(given, reply),
    );
    expect((await all(tried)).join('\n')).toContain(fault);
  });

  it('sends odd values at every place, and one after another', async () => {
    const seen = new Set<string>();
    const tried = await probing(({ request, body }) => void seen.add(`${request.url} ${body}`));
    await tried.sendOdd(50);
    const texts = [...seen].join('\n');
    expect(texts).toContain('/notes?');
    expect(texts).toContain('"color":');
    // Five places and more, of which each sees others.
    expect(seen.size).toBeGreaterThan(200);
  });

  it('sends what was issued, and says which members were answered', async () => {
    const texts: unknown[] = [];
    const tried = await probing(
      ({ body }, reply) => {
        const note = body === '' ? undefined : (JSON.parse(body) as { text?: string });
        texts.push(note?.text);
        return note?.text === 'issued' && reply(201, { ...good, secret: 'x' });
      },
      DOCUMENT,
      async ({ method }) => (method === 'POST' ? { text: 'issued', other: 'x' } : undefined),
    );
    expect((await tried.sendValid()).join('\n')).toContain('additional properties');
    expect(texts.filter((text) => text !== undefined)).toEqual(['issued', 'issued', 'issued']);
    expect(tried.members.get('POST /notes')).toEqual(new Set(['id', 'text', 'secret']));
  });

  it('finds a parameter without a name, and a path that is not described', async () => {
    const parameters = [{ in: 'query', schema: {} }];
    const one = { paths: { '/a/{id}': { get: { parameters, responses: {} } } } };
    expect((await probing(() => undefined, one)).documentFaults()).toEqual([
      'GET /a/{id} has a parameter without a name',
      'GET /a/{id} does not describe its path',
    ]);
  });
});
