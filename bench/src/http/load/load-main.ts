import { fireLoad, type LoadOrder, type LoadReport } from './load.js';

// Headers stay until others come: sending ten thousand anew would be work in the measured time.
let headers: readonly string[] = [];
process.on('disconnect', () => process.exit());
process.on('message', (message: LoadOrder | readonly string[]) => {
  if ('url' in message) {
    void fireLoad(headers, message).then((report: LoadReport) => process.send?.(report));
  } else {
    headers = message;
    process.send?.('ready');
  }
});
