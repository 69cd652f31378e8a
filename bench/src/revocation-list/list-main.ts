import { once } from 'node:events';
import { type ListOrder, measureList } from './measure-list.js';

// A heap of its own for each measurement: what one leaves behind would slow the next one down.
process.on('disconnect', () => process.exit());
const [order] = (await once(process, 'message')) as [ListOrder];
process.send?.(await measureList(order));
