import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A balancer without health checks, as nginx is by default. */
export interface DumbBalancer {
  readonly url: string;
  /** How many times another process was asked, because one could not be reached or was not ready. */
  readonly retries: number;
  close(): Promise<void>;
}

/**
 * Forwards requests to `targets` in turn over kept-alive connections. It asks the next one only when
 * nothing was done yet: there was no connection, or the answer is 503. Everything else that goes
 * wrong is a 502.
 */
export async function startDumbBalancer(targets: readonly string[]): Promise<DumbBalancer> {
  // `fifo` uses every open connection, and so meets those that are about to end.
  const agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  let [turn, retries] = [0, 0];

  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const first = turn++;
    for (let attempt = 0; ; attempt += 1) {
      const target = targets[(first + attempt) % targets.length] ?? '';
      const isLast = attempt === targets.length - 1;
      try {
        const answer = await ask(target, incoming, body, agent);
        if (answer.statusCode === 503 && !isLast) {
          answer.resume();
        } else {
          outgoing.writeHead(answer.statusCode ?? 502, { 'x-from': target });
          return void answer.pipe(outgoing);
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).syscall !== 'connect' || isLast) {
          return void outgoing.writeHead(502).end(String(error));
        }
      }
      retries += 1;
    }
  };
  const server = createServer((incoming, outgoing) => void forward(incoming, outgoing));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get retries() {
      return retries;
    },
    close: async () => {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function ask(
  target: string,
  { method, url, headers: { connection: _own, ...headers } }: IncomingMessage,
  body: Buffer,
  agent: Agent,
): Promise<IncomingMessage> {
  const sent = request(target + (url ?? '/'), { method, headers, agent });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
}
