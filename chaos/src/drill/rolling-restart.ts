import { Clients } from './clients.js';
import { aWhile, type Drill } from './drill.js';
import { DrillStage } from './drill-stage.js';

export const rollingRestart: Drill = {
  name: 'rolling-restart',
  about: 'Every process is restarted, one after the other, as with a new release.',
  async run(report) {
    const stage = await DrillStage.start();
    try {
      const clients = await Clients.start(stage);
      await aWhile();
      await stage.restartAll();
      report.step(clients, 'every process has been restarted');
      await aWhile();
      await clients.stop();
      report.seen(clients, { login: [], refresh: [], orders: [] });
    } finally {
      await stage.stop();
    }
  },
};
