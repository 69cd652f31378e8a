import { randomBytes } from 'node:crypto';
import {
  call,
  DEMO,
  OtlpReceiver,
  startApp,
  type ReceivedSpan,
  type RunningApp,
} from '@jwt-auth/dev-stack';
import { freshDatabase } from '@jwt-auth/dev-stack/vitest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stack, within } from './stack.js';
import { newSession, PASSWORD, tryLogin, type TokenResponse } from './users.js';

const PARENT = '00f067aa0ba902b7';

let receiver: OtlpReceiver;
let stack: Stack;
let orders: RunningApp;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
  stack = await Stack.start({ mayIntrospect: true, env: tracing });
  const { ISSUER, DEMO_CLIENT_SECRET } = stack.env;
  orders = await startApp('orders', {
    env: {
      ...tracing,
      ...{ ISSUER, CLIENT_ID: DEMO.clientId, CLIENT_SECRET: DEMO_CLIENT_SECRET },
      ORDERS_DATABASE_URL: await freshDatabase(),
    },
  });
});
afterAll(async () => {
  await orders?.stop();
  await stack?.stop();
  receiver?.close();
});

const newTrace = () => randomBytes(16).toString('hex');
const from = (trace: string) => ({ headers: { traceparent: `00-${trace}-${PARENT}-01` } });
const spansOf = (trace: string) => receiver.spans.filter(({ traceId }) => traceId === trace);
const nameOf = ({ name }: ReceivedSpan) => name;
const serviceOf = ({ resource }: ReceivedSpan) => resource['service.name'];
const rootOf = (spans: readonly ReceivedSpan[]) =>
  spans.find(({ parentSpanId }) => parentSpanId === PARENT);
/** A request ends last of what was done for it. */
const arrival = (trace: string) =>
  expect.poll(() => rootOf(spansOf(trace)), within(30)).toBeDefined();

it('the spans of a login and of a guarded route arrive at the receiver', async () => {
  const [loginTrace, meTrace] = [newTrace(), newTrace()];
  const { email, access_token: token } = await newSession(stack.auth());
  // From the second time on, the token is remembered.
  expect((await call(`${stack.auth()}/auth/me`, { token })).status).toBe(200);
  expect((await call(`${stack.auth()}/auth/me`, { token, ...from(meTrace) })).status).toBe(200);
  expect((await tryLogin(stack.auth(), email, undefined, from(loginTrace))).status).toBe(200);

  await arrival(loginTrace);
  await arrival(meTrace);
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
    expect.arrayContaining([
      ...['users.find_at_login', 'argon2id verify', 'COMMIT'],
      'sessions+refresh_tokens+audit_events.insert',
    ]),
  );

  // The guard adds nothing: there is only the statement of the route itself.
  expect(spansOf(meTrace).map(nameOf).toSorted()).toEqual(['GET /auth/me', 'SELECT users']);

  // The lines of the log name the same span.
  expect(stack.log()).toContain(`"trace_id":"${loginTrace}","span_id":"${root?.spanId}"`);
  expect(JSON.stringify(receiver.spans)).not.toContain(email);
});

it('the trace of a request to orders continues at auth, unless its token is remembered', async () => {
  const [unknown, remembered] = [newTrace(), newTrace()];
  const { email } = await newSession(stack.auth());
  const body = { email, password: PASSWORD, token_format: 'reference' };
  const { body: granted } = await call<TokenResponse>(`${stack.auth()}/auth/login`, { body });
  for (const trace of [unknown, remembered]) {
    const token = granted.access_token;
    expect(await call(`${orders.url}/orders`, { token, ...from(trace) })).toMatchObject({
      status: 200,
    });
    await arrival(trace);
  }

  const find = (service: string, name: string, parent?: string) => () =>
    spansOf(unknown).find(
      (span) =>
        serviceOf(span) === service && nameOf(span) === name && span.parentSpanId === parent,
    );
  const root = rootOf(spansOf(unknown));
  expect(root).toMatchObject({ name: 'GET /orders', kind: 2 });
  await expect.poll(find('orders', 'POST', root?.spanId), within(30)).toMatchObject({
    kind: 3,
    attributes: { 'http.request.method': 'POST', 'http.response.status_code': 200 },
  });
  const question = find('orders', 'POST', root?.spanId)();
  await expect
    .poll(find('auth', 'POST /oauth/introspect', question?.spanId), within(30))
    .toMatchObject({ kind: 2 });
  expect(spansOf(remembered).map(nameOf).toSorted()).toEqual(['GET /orders', 'SELECT orders']);
  expect(JSON.stringify(receiver.spans)).not.toContain(granted.access_token);
});

it.each(['/.well-known/jwks.json', '/revocations'])(
  'orders begins a trace when it asks for %s in the background',
  async (path) => {
    const asked = () => {
      const answers = receiver.spans.filter((span) => nameOf(span) === `GET ${path}`);
      const questions = answers.map((answer) =>
        receiver.spans.find(({ spanId }) => spanId === answer.parentSpanId),
      );
      return questions.find((question) => question && serviceOf(question) === 'orders');
    };
    await expect.poll(asked, within(60)).toMatchObject({ name: 'GET', kind: 3 });
    expect(asked()?.parentSpanId).toBeFalsy();
  },
);
