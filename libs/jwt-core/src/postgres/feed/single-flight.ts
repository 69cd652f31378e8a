/**
 * Lets everybody who asks share one run of `work`, but never one that began before they asked: one
 * run at a time is under way, and one more is due for all who came since it began.
 */
export function singleFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let due: Promise<T> | undefined;
  let underWay: Promise<unknown> = Promise.resolve();

  return () => {
    if (due === undefined) {
      due = underWay.then(() => {
        due = undefined;
        return work();
      });
      underWay = due.catch(() => undefined);
    }
    return due;
  };
}
