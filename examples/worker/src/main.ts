import { randomUUID } from 'node:crypto';
import { ClientCredentialsToken, ClientTokenError } from '@jwt-auth/jwt-core/client';
import { type Client, registerDemoClient } from './demo-client.js';
import { expectJson, reach } from './reach.js';

const {
  ISSUER: issuer = 'http://localhost:3000',
  ORDERS_URL: ordersUrl = 'http://localhost:3001',
  CLIENT_ID: clientId,
  CLIENT_SECRET: clientSecret,
  DEMO_PASSWORD: demoPassword = 'correct horse battery staple',
} = process.env;

function say(text: string): void {
  console.log(`${performance.now().toFixed(0).padStart(6)} ms  ${text}`);
}

function theClient(): Client | Promise<Client> {
  if (clientId && clientSecret) return { clientId, clientSecret };
  if (clientId || clientSecret)
    throw new Error('Set both CLIENT_ID and CLIENT_SECRET, or neither.');
  if (['localhost', '127.0.0.1', '[::1]'].includes(new URL(issuer).hostname)) {
    return registerDemoClient(issuer, demoPassword);
  }
  throw new Error(`${issuer} is not on this machine: set CLIENT_ID and CLIENT_SECRET.`);
}

/** Calls orders as this worker. A token that orders refuses is not used again. */
async function callOrders(token: ClientCredentialsToken, init: RequestInit): Promise<Response> {
  const accessToken = await token.get();
  const headers = { ...init.headers, authorization: `Bearer ${accessToken}` };
  const response = await reach(`${ordersUrl}/orders`, { ...init, headers });
  if (response.status === 401) token.forget(accessToken);
  return response;
}

async function placeOrder(token: ClientCredentialsToken, sku: string): Promise<void> {
  const beganAtMs = performance.now();
  const response = await callOrders(token, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ currency: 'EUR', items: [{ sku, quantity: 2, unitPrice: 450 }] }),
  });
  const { id } = await expectJson<{ id: string }>(response);
  say(`order ${id} for ${sku}, in ${(performance.now() - beganAtMs).toFixed(0)} ms`);
}

/** The client is gone: its token is worth nothing to orders, and it gets no other. */
async function watchItEnd(token: ClientCredentialsToken, end: () => Promise<void>): Promise<void> {
  await end();
  const endedAtMs = performance.now();
  say('the client is deleted');
  for (let calls = 1; performance.now() - endedAtMs < 5_000; calls++) {
    const response = await callOrders(token, {});
    if (response.status === 200) continue;
    const { code } = (await response.json()) as { code: string };
    const after = (performance.now() - endedAtMs).toFixed(0);
    say(`orders answers call ${calls} with ${response.status} ${code}, ${after} ms after that`);
    const refusal: unknown = await token.get().catch((error: unknown) => error);
    if (!(refusal instanceof ClientTokenError)) throw new Error('A deleted client gets a token');
    return say(`no other token: ${refusal.message}`);
  }
  throw new Error('orders still takes the token of a client that is gone');
}

async function placeOrders(token: ClientCredentialsToken): Promise<void> {
  // All of them at once ask for the token, which is fetched once.
  await Promise.all(['tea', 'milk', 'sugar'].map((sku) => placeOrder(token, sku)));

  const list = await callOrders(token, {});
  const { items } = await expectJson<{ items: unknown[] }>(list);
  say(`orders lists ${items.length} of mine, with the same token`);
}

async function work(): Promise<void> {
  const { end, ...credentials } = await theClient();
  say(end ? `registered as client ${credentials.clientId}` : `I am ${credentials.clientId}`);
  const token = new ClientCredentialsToken({ issuer, ...credentials });
  try {
    await placeOrders(token);
  } catch (error) {
    // Delete the client that was made for this run, if auth is there.
    await end?.().catch(() => undefined);
    throw error;
  }
  if (end) await watchItEnd(token, end);
}

try {
  await work();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
