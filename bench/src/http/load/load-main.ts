import { once } from 'node:events';
import { fireLoad, type LoadOrder, type LoadReport } from './load.js';

// The headers come once and stay: sending ten thousand anew would be work in the measured time.
process.on('disconnect', () => process.exit());
const [headers] = (await once(process, 'message')) as [string[]];
process.on('message', (order: LoadOrder) => {
  void fireLoad(headers, order).then((report: LoadReport) => process.send?.(report));
});
process.send?.('ready');
