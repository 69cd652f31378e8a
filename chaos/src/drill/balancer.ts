import { until } from '@jwt-auth/dev-stack';
import { aWhile, type Drill } from './drill.js';
import { logIn } from './clients.js';
import { DrillStage } from './drill-stage.js';
import { KeptAlive } from './kept-alive.js';
import { nginxMissing } from './nginx.js';

const REQUESTS = 3_000;
const ORDER = { currency: 'EUR', items: [{ sku: 'tea', quantity: 1, unitPrice: 450 }] };

export const balancer: Drill = {
  name: 'balancer',
  about: 'Every process is restarted behind nginx, which does not ask whether they are ready.',
  async run(report) {
    const why = nginxMissing();
    if (why !== undefined) return report.skip(why);
    const stage = await DrillStage.start({ isBehindNginx: true });
    try {
      const { access_token: token } = await logIn(stage);
      const [auth] = stage.urls('auth');
      const [orders] = stage.urls('orders');
      const keptAlive = new KeptAlive(String(token), [
        { url: `${auth}/auth/me` },
        { url: `${orders}/orders` },
        { url: `${orders}/orders`, json: ORDER },
      ]);
      await aWhile();
      await stage.restartAll();
      report.step(keptAlive, 'every process has been restarted');
      const hasSentAll = await until(() => keptAlive.count >= REQUESTS, { withinMs: 300_000 });
      await aWhile();
      await keptAlive.stop();
      const { seen, count, connections } = keptAlive;
      report.note(`${count} requests over ${connections} connections: ${String(seen)}`);
      report.promise(`${REQUESTS} requests, and none was reset or refused`, hasSentAll && seen.troubles.length === 0); // oxfmt-ignore
    } finally {
      await stage.stop();
    }
  },
};
