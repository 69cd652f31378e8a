import { aWhile, type Drill } from './drill.js';
import { Clients, DATABASE_AWAY, logIn, outcomeOf, send } from './clients.js';
import { DrillStage, statement } from './drill-stage.js';

export const failOver: Drill = {
  name: 'fail-over',
  about: 'The primary dies, and its standby takes over. The apps know both hosts.',
  async run(report) {
    const stage = await DrillStage.start({ hasStandby: true });
    try {
      const { access_token: token } = await logIn(stage);
      await send(stage.urls('auth'), '/auth/logout', { method: 'POST', token: String(token) });
      const clients = await Clients.start(stage);
      await aWhile();
      report.step(clients, 'the primary is killed');
      await stage.postgres.kill();
      await aWhile();
      report.step(clients, 'the standby is promoted');
      await statement(stage.standby!, 'SELECT pg_promote()');
      const hasRecovered = await clients.haveRecovered();
      report.step(clients, 'all calls succeed again');
      await aWhile();
      await clients.stop();
      report.seen(clients, {
        login: [DATABASE_AWAY],
        refresh: [DATABASE_AWAY],
        orders: [DATABASE_AWAY],
      });
      report.promise('no process was restarted, and all recovered', hasRecovered);
      const ended = await send(stage.urls('orders'), '/orders', { token: String(token) });
      report.promise('a token of before that was revoked stays so', outcomeOf(ended) === '401 token_revoked'); // oxfmt-ignore
    } finally {
      await stage.stop();
    }
  },
};
