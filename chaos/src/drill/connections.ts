import { until } from '@jwt-auth/dev-stack';
import pg from 'pg';
import { Clients, DATABASE_AWAY } from './clients.js';
import { aWhile, type Drill } from './drill.js';
import { DrillStage, endConnections, newPassword, statement } from './drill-stage.js';

const LIMIT = 30;

export const connections: Drill = {
  name: 'connections',
  about: 'Another program takes every connection that the database of auth allows.',
  async run(report) {
    const stage = await DrillStage.start();
    const held: pg.Client[] = [];
    try {
      const password = newPassword();
      await statement(stage.postgres, `CREATE ROLE batch LOGIN PASSWORD '${password}'`);
      await statement(stage.postgres, `ALTER DATABASE auth CONNECTION LIMIT ${LIMIT}`);
      const address = new URL(stage.postgres.url('auth'));
      Object.assign(address, { username: 'batch', password });
      const clients = await Clients.start(stage);
      await aWhile();
      const holdsAll = await until(
        async () => {
          await endConnections(stage.postgres, 'service', 'auth');
          // All at once, before auth opens new ones.
          held.push(...(await connect(address.href, LIMIT - held.length)));
          return held.length === LIMIT;
        },
        { withinMs: 60_000 },
      );
      report.step(clients, `another program holds ${held.length} connections, all that there are`);
      const isNoticed = await until(async () => !(await stage.isReady('auth')), {
        withinMs: 30_000,
      });
      await aWhile();
      report.step(clients, 'the other program ends');
      await Promise.all(held.splice(0).map((client) => client.end()));
      const hasRecovered = await clients.haveRecovered();
      report.step(clients, 'all calls succeed again');
      await aWhile();
      await clients.stop();
      report.seen(clients, { login: [DATABASE_AWAY], refresh: [DATABASE_AWAY], orders: [] });
      report.promise('readiness said so', holdsAll && isNoticed);
      report.promise('no process was restarted, and all recovered', hasRecovered);
    } finally {
      await Promise.all(held.map((client) => client.end()));
      await stage.stop();
    }
  },
};

/** @returns those that the server has not refused */
async function connect(connectionString: string, count: number): Promise<pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString }));
  const outcomes = await Promise.allSettled(clients.map((client) => client.connect()));
  return clients.filter((client, index) => {
    client.on('error', () => undefined);
    return outcomes[index]?.status === 'fulfilled';
  });
}
