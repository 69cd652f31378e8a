import { type ListOrder, measureList } from './measure-list.js';

process.on('disconnect', () => process.exit());
process.on('message', (order: ListOrder) => {
  void measureList(order).then((report) => process.send?.(report));
});
