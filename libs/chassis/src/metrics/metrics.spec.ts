import { Controller, Get, Module, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createHttpApp } from '../http/http-app.js';
import { StructuredLogger } from '../logging/structured-logger.js';
import { counter, counters, gauge, stateGauge } from './metric-source.js';
import { MetricsModule, type MetricsOptions } from './metrics.module.js';
import { buildMetrics } from './service-metrics.js';

const loopback = (port = 0) => ({ host: '127.0.0.1', port });
const [began, answered] = [vi.fn(), vi.fn()];

@Controller('notes')
class NotesController {
  @Get(':id')
  find() {
    return {};
  }

  @Get(':id/late')
  async late(@Res({ passthrough: true }) { raw }: FastifyReply) {
    began();
    await once(raw, 'close');
    setImmediate(answered);
    return {};
  }
}

let app: NestFastifyApplication;
let lines: Record<string, unknown>[];
afterEach(() => app.close());

async function start(options: Partial<MetricsOptions>): Promise<string> {
  const metrics = MetricsModule.forRoot({ address: loopback(), sources: [], ...options });
  @Module({ imports: [metrics], controllers: [NotesController] })
  class AppModule {}
  lines = [];
  const write = (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>);
  app = await createHttpApp(AppModule, {
    logger: new StructuredLogger({ name: 'notes', level: 'info', destination: { write } }),
    trustProxy: false,
    documentation: { title: 'Notes', description: 'Notes' },
  });
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

const metricsUrl = () => {
  const line = lines.find(({ msg }) => msg === 'Serving metrics');
  const { 'server.address': host, 'server.port': port } = line ?? {};
  return `http://${String(host)}:${String(port)}/metrics`;
};
const scrape = async () => (await fetch(metricsUrl())).text();

describe('the metrics of a service', () => {
  it('are exposed on a port of their own, from the start to the end', async () => {
    const url = await start({});
    expect(await scrape()).toContain('process_cpu_seconds_total');
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    await app.close();
    await expect(scrape()).rejects.toThrow();
  });

  it('are neither exposed nor read if there is no address', async () => {
    const source = vi.fn();
    await start({ address: undefined, sources: [source] });
    expect(source).not.toHaveBeenCalled();
    expect(lines.map(({ msg }) => msg)).not.toContain('Serving metrics');
  });

  it('are read at each scrape, and not before', async () => {
    let now = { level: 1, count: 5, byName: { a: 1, b: 0 }, state: 'up' as 'up' | 'down' };
    const source = (registry: Registry): void => {
      const help = 'help';
      gauge(registry, { name: 'level', help }, () => now.level);
      counter(registry, { name: 'things_total', help }, () => now.count);
      counters(registry, { name: 'named_total', help, label: 'name' }, () => now.byName);
      const states = ['up', 'down'] as const;
      stateGauge(registry, { name: 'state', help, states }, () => now.state);
    };
    await start({ sources: [source] });
    const exposed = async () => (await scrape()).match(/^(level|things|named|state).*$/gm);
    const first = ['level 1', 'things_total 5', 'named_total{name="a"} 1'];
    expect(await exposed()).toEqual([
      ...first,
      'named_total{name="b"} 0',
      'state{state="up"} 1',
      'state{state="down"} 0',
    ]);
    now = { level: Infinity, count: 7, byName: { a: 1, b: 2 }, state: 'down' };
    expect(await exposed()).toEqual([
      'level +Inf',
      'things_total 7',
      'named_total{name="a"} 1',
      'named_total{name="b"} 2',
      'state{state="up"} 0',
      'state{state="down"} 1',
    ]);
  });

  it('name the version and the commit', async () => {
    await start({ sources: [buildMetrics({ version: '1.2.3', commit: 'abc1234' })] });
    expect(await scrape()).toContain('build_info{version="1.2.3",commit="abc1234"} 1');
  });

  it('count requests by route, without those whose caller hung up', async () => {
    const url = await start({});
    const hungUp = get(`${url}/notes/three/late`).on('error', () => undefined);
    await expect.poll(() => began).toHaveBeenCalled();
    hungUp.destroy();
    await expect.poll(() => answered).toHaveBeenCalled();
    for (const path of ['/notes/one', '/notes/two', '/made/up']) await fetch(url + path);
    const counted = (await scrape()).match(/^http_request_duration_seconds_count.*$/gm);
    const count = 'http_request_duration_seconds_count';
    expect(counted).toEqual([
      `${count}{method="GET",route="/notes/:id",status="200"} 2`,
      `${count}{method="GET",route="unmatched",status="404"} 1`,
    ]);
  });

  it('stop the start if their port is taken', async () => {
    const other = createServer().listen(loopback());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ address: loopback(port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port,
    });
    other.close();
  });

  it('answer 500 if one cannot be read, and a line says why', async () => {
    const fails = (registry: Registry) =>
      gauge(registry, { name: 'broken', help: 'help' }, () => {
        throw new Error('no value');
      });
    await start({ sources: [fails] });
    expect((await fetch(metricsUrl())).status).toBe(500);
    expect((await fetch(metricsUrl())).status).toBe(500);
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([
      { msg: 'Metrics cannot be read', 'exception.message': 'no value' },
    ]);
  });
});
