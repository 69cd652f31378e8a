import { randomBytes } from 'node:crypto';
import { OtlpReceiver, type ReceivedSpan } from '@jwt-auth/dev-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call } from './http.js';
import { Stack, within } from './stack.js';
import { newSession, tryLogin } from './users.js';

const PARENT = '00f067aa0ba902b7';

let receiver: OtlpReceiver;
let stack: Stack;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  stack = await Stack.start({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  receiver?.close();
});

it('the spans of a login and of a guarded route arrive at the receiver', async () => {
  const [loginTrace, meTrace] = [randomBytes(16), randomBytes(16)].map((id) => id.toString('hex'));
  const from = (trace = '') => ({ headers: { traceparent: `00-${trace}-${PARENT}-01` } });
  const { email, access_token: token } = await newSession(stack.auth());
  // From the second time on, the token is remembered.
  expect((await call(`${stack.auth()}/auth/me`, { token })).status).toBe(200);
  expect((await call(`${stack.auth()}/auth/me`, { token, ...from(meTrace) })).status).toBe(200);
  expect((await tryLogin(stack.auth(), email, undefined, from(loginTrace))).status).toBe(200);

  const spansOf = (trace = '') => receiver.spans.filter(({ traceId }) => traceId === trace);
  const nameOf = ({ name }: ReceivedSpan) => name;
  const rootOf = (spans: readonly ReceivedSpan[]) =>
    spans.find(({ parentSpanId }) => parentSpanId === PARENT);

  // A request ends last of what was done for it.
  for (const trace of [loginTrace, meTrace]) {
    await expect.poll(() => rootOf(spansOf(trace)), within(30)).toBeDefined();
  }
  const login = spansOf(loginTrace);
  const root = rootOf(login);
  expect(root).toMatchObject({
    name: 'POST /auth/login',
    kind: 2,
    attributes: { 'http.request.method': 'POST', 'http.response.status_code': 200 },
    resource: { 'service.name': 'auth', 'service.version': expect.any(String) as string },
  });
  const children = login.filter((span) => span !== root);
  expect(children.every(({ parentSpanId }) => parentSpanId === root?.spanId)).toBe(true);
  expect(children.map(nameOf)).toEqual(
    expect.arrayContaining(['SELECT users', 'argon2id verify', 'INSERT sessions', 'COMMIT']),
  );

  // The guard adds nothing: there is only the statement of the route itself.
  expect(spansOf(meTrace).map(nameOf).toSorted()).toEqual(['GET /auth/me', 'SELECT users']);

  // The lines of the log name the same span.
  expect(stack.log()).toContain(`"trace_id":"${loginTrace}","span_id":"${root?.spanId}"`);
  expect(JSON.stringify(receiver.spans)).not.toContain(email);
});
