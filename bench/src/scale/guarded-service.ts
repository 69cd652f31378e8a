import { until } from '@jwt-auth/dev-stack';
import { ask, bearer } from '../apps/ask.js';
import { ServiceClient } from '../apps/service-client.js';
import type { Effort } from '../harness/benchmark.js';
import { type LoadOrder, type LoadProcess, startLoad } from '../http/load/load.js';
import { type ServerProcess, startServer } from '../http/server/server-process.js';

/** A client of an issuer, and a load with its tokens. */
export interface Visitors extends AsyncDisposable {
  readonly client: ServiceClient;
  readonly load: LoadProcess;
  /** One that stays good. */
  readonly token: string;
}

const readyWithinMs = 60_000;

export async function visitorsOf(
  effort: Effort,
  issuer: string,
  tokensOfLoad: number,
): Promise<Visitors> {
  const client = await ServiceClient.register(issuer);
  const tokens = await client.mint(tokensOfLoad);
  const load = await startLoad(
    effort,
    tokens.map((token) => Buffer.from(bearer(token).authorization)),
  );
  return {
    client,
    load,
    token: tokens[0]!,
    [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
  };
}

/** A service of one route behind JwtGuard, which has read the whole list of its issuer. */
export async function startService(
  effort: Effort,
  issuer: string,
  token: string,
): Promise<ServerProcess> {
  const settings = { issuer, audience: 'api', publicKeyPem: '', databaseUrl: '' };
  const server = await startServer(effort, { stack: 'fastify-jwt-core', settings });
  const isLetIn = async () => {
    const { status } = await ask(server.url, { headers: bearer(token) });
    return status === 200;
  };
  if (await until(isLetIn, { withinMs: readyWithinMs })) return server;
  await server[Symbol.asyncDispose]();
  throw new Error(`A service of ${issuer} accepts no token`);
}

export interface CpuCourse {
  readonly seconds: LoadOrder['seconds'];
  readonly connections: number;
}

/** Processor time of a service for one request, in microseconds, under a load of some seconds. */
export async function cpuOfRequest(
  server: ServerProcess,
  load: LoadProcess,
  { seconds, connections }: CpuCourse,
): Promise<number> {
  const before = await server.usage();
  const { requests, failures } = await load.fire({ url: server.url, seconds, connections });
  const after = await server.usage();
  if (failures > 0) throw new Error(`${server.url}: ${failures} requests failed`);
  return (after.cpuMicroseconds - before.cpuMicroseconds) / requests;
}
