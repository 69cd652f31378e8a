import { until } from '@jwt-auth/dev-stack';
import { generateSigningKey, TestIssuer } from '@jwt-auth/jwt-core/testing';
import type { Effort, Progress } from '../harness/benchmark.js';
import { mintFrom, receivedToken, tampered } from '../tokens/token-batch.js';
import { type LoadProcess, startLoad } from './load/load.js';
import type { Served } from './served.js';
import { startServer } from './server/server-process.js';
import type { StackName } from './stacks/stack.js';

/** Servers that are ready to be loaded, with the load for them and the issuer of their tokens. */
export interface RunningStacks extends AsyncDisposable {
  readonly served: readonly Served[];
  readonly load: LoadProcess;
}

/** Stacks that accept every request. */
const isOpen = (stack: StackName) => stack === 'fastify-open' || stack === 'fastify-empty-guard';

/** Starts each stack, and checks that it accepts valid tokens and no others. */
export async function startStacks(
  effort: Effort,
  stacks: readonly (readonly [name: string, stack: StackName])[],
  { tokens, databaseUrl }: { tokens: number; databaseUrl: string },
  progress: Progress,
): Promise<RunningStacks> {
  const key = await generateSigningKey();
  const issuer = await TestIssuer.start({ keys: [key] });
  const children: AsyncDisposable[] = [];
  const stop = async () => {
    await Promise.all(children.map((child) => child[Symbol.asyncDispose]()));
    await issuer.close();
  };
  try {
    const headers = mintFrom(issuer, tokens, progress);
    const settings = {
      issuer: issuer.issuer,
      audience: issuer.audience,
      publicKeyPem: key.publicKey.export({ type: 'spki', format: 'pem' }) as string,
      databaseUrl,
    };
    const served: Served[] = [];
    for (const [name, stack] of stacks) {
      progress(`starting ${name}`);
      const server = await startServer(effort, { stack, settings });
      children.push(server);
      await expectProtection(name, server.url, stack, receivedToken(headers[0]!));
      served.push({ name, server, remembers: stack.startsWith('fastify-jwt-') });
    }
    const load = await startLoad(effort, headers);
    children.push(load);
    return { served, load, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function expectProtection(
  name: string,
  url: string,
  stack: StackName,
  good: string,
): Promise<void> {
  const isLetIn = async () => (await statusOf(url, good)) === 200;
  if (!(await until(isLetIn, { withinMs: 20_000 }))) throw new Error(`${name} accepts no request`);
  const isOpenToAll = (await statusOf(url, tampered(good))) === 200;
  if (isOpenToAll !== isOpen(stack)) throw new Error(`${name} accepts what it has to refuse`);
}

async function statusOf(url: string, token: string): Promise<number> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}
