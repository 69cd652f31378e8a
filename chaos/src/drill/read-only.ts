import { until } from '@jwt-auth/dev-stack';
import { Clients, DATABASE_AWAY } from './clients.js';
import { aWhile, type Drill } from './drill.js';
import { DrillStage, endConnections, statement } from './drill-stage.js';

export const readOnly: Drill = {
  name: 'read-only',
  about: 'The database of auth accepts no writes for a while, as a primary that became a standby.',
  async run(report) {
    const stage = await DrillStage.start();
    try {
      const clients = await Clients.start(stage);
      await aWhile();
      report.step(clients, 'the database of auth is read-only');
      await statement(stage.postgres, 'ALTER DATABASE auth SET default_transaction_read_only = on');
      await endConnections(stage.postgres, 'service', 'auth');
      const isNoticed = await until(async () => !(await stage.isReady('auth')), {
        withinMs: 30_000,
      });
      report.step(clients, 'auth says that it is not ready');
      await aWhile();
      report.step(clients, 'the database accepts writes again');
      await statement(stage.postgres, 'ALTER DATABASE auth RESET default_transaction_read_only');
      await endConnections(stage.postgres, 'service', 'auth');
      const hasRecovered = await clients.haveRecovered();
      const isReady = await until(() => stage.isReady('auth'), { withinMs: 30_000 });
      report.step(clients, 'all calls succeed again');
      await aWhile();
      await clients.stop();
      // orders has a database of its own, and checks tokens by itself.
      report.seen(clients, { login: [DATABASE_AWAY], refresh: [DATABASE_AWAY], orders: [] });
      report.promise('readiness said so, and no longer than it was', isNoticed && isReady);
      report.promise('no process was restarted, and all recovered', hasRecovered);
    } finally {
      await stage.stop();
    }
  },
};
