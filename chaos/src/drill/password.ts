import { Clients } from './clients.js';
import { aWhile, type Drill } from './drill.js';
import { DrillStage, endConnections, newPassword, statement } from './drill-stage.js';

export const password: Drill = {
  name: 'password',
  about: 'The password of the database is changed: a second role, then the processes in turn.',
  async run(report) {
    const stage = await DrillStage.start();
    try {
      const clients = await Clients.start(stage);
      await aWhile();
      const next = { role: 'service_next', password: newPassword() };
      await statement(
        stage.postgres,
        `CREATE ROLE ${next.role} LOGIN PASSWORD '${next.password}' IN ROLE service`,
      );
      // The first one owns the tables, and is to own what the second one makes.
      await statement(stage.postgres, `ALTER ROLE ${next.role} SET role = service`);
      report.step(clients, 'there is a second role, which is a member of the first');
      await stage.restartAll(next);
      report.step(clients, 'every process has been restarted with it, one after the other');
      await statement(stage.postgres, 'ALTER ROLE service NOLOGIN');
      for (const database of ['auth', 'orders']) {
        await endConnections(stage.postgres, 'service', database);
      }
      report.step(clients, 'the first role can log in no more');
      await aWhile();
      await clients.stop();
      report.seen(clients, { login: [], refresh: [], orders: [] });
    } finally {
      await stage.stop();
    }
  },
};
