import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { passOnTraces } from '../tracing/call-spans.js';
import { RequestContext, withRequest } from './request-context.js';
import { newTrace, traceHeaders, traceOf } from './trace-context.js';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('the trace of a caller', () => {
  it('goes on with a span of its own, the flags and the state', () => {
    const trace = traceOf({ traceparent: `00-${ID}-${PARENT}-01`, tracestate: 'rojo=1,congo=2' });
    expect(trace).toMatchObject({ traceId: ID, flags: '01', state: 'rojo=1,congo=2' });
    expect(trace.spanId).toMatch(/^[\da-f]{16}$/);
    expect(trace.spanId).not.toBe(PARENT);
    expect(traceHeaders(trace)).toEqual({
      traceparent: `00-${ID}-${trace.spanId}-01`,
      tracestate: 'rojo=1,congo=2',
    });
  });

  it.each([`01-${ID}-${PARENT}-00`, `cc-${ID}-${PARENT}-00-what-the-future-brings`])(
    'goes on from a later version: %s',
    (traceparent) => {
      expect(traceOf({ traceparent }).traceId).toBe(ID);
    },
  );

  it.each([
    undefined,
    '',
    ID,
    `00-${ID}-${PARENT}`,
    `00-${ID}-${PARENT}-01-more`,
    `ff-${ID}-${PARENT}-01`,
    `00-${ID.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID}-${PARENT}-01, 00-${ID}-${PARENT}-01`,
    ` 00-${ID}-${PARENT}-01`,
    `00-${ID}-${PARENT}-0`,
    'x'.repeat(10_000),
  ])('begins anew after %j', (traceparent) => {
    const trace = traceOf({ traceparent });
    expect(trace.traceId).toMatch(/^[\da-f]{32}$/);
    expect(trace.traceId).not.toBe(ID);
    expect(trace).toMatchObject({ flags: '00', state: undefined });
  });

  it.each(['', 'a\nb', 'x'.repeat(513), 'ä=1'])('loses a state that is none: %j', (tracestate) => {
    expect(traceOf({ traceparent: `00-${ID}-${PARENT}-01`, tracestate }).state).toBeUndefined();
  });

  it('is another one each time that it begins', () => {
    const traces = Array.from({ length: 2_000 }, newTrace);
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(2_000);
    expect(new Set(traces.map(({ spanId }) => spanId)).size).toBe(2_000);
  });
});

describe('a request to another service', () => {
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    response.end();
  });
  let url: string;
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    passOnTraces();
    passOnTraces();
  });
  afterAll(() => server.close());

  const sent = async (work: () => Promise<unknown>): Promise<IncomingHttpHeaders | undefined> => {
    await work();
    return received.at(-1);
  };

  it('carries the trace of the request for which it is made, once', async () => {
    const context = new RequestContext('r1', { traceparent: `00-${ID}-${PARENT}-01` });
    const headers = await sent(() =>
      withRequest(context, async () => {
        await new Promise(setImmediate);
        await (await fetch(url, { headers: { accept: 'text/plain' } })).text();
      }),
    );
    expect(headers?.['traceparent']).toBe(`00-${ID}-${context.trace.spanId}-01`);
    expect(headers?.['tracestate']).toBeUndefined();
  });

  it('keeps a trace that it has already', async () => {
    const own = `00-${ID}-${'1'.repeat(16)}-00`;
    const headers = await sent(() =>
      withRequest(new RequestContext('r1'), async () =>
        (await fetch(url, { headers: { traceparent: own } })).text(),
      ),
    );
    expect(headers?.['traceparent']).toBe(own);
  });

  it('carries none when it is made for no request', async () => {
    const headers = await sent(async () => (await fetch(url)).text());
    expect(headers?.['traceparent']).toBeUndefined();
  });
});
