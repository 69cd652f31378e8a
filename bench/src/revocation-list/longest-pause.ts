/** Watches how long the event loop is held up at a time: by code, or by the collector. */
export function watchPauses(): { stop: () => number } {
  let longestMs = 0;
  let lastMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  // One look in each turn of the loop, however short.
  let next = setImmediate(function again() {
    look();
    next = setImmediate(again);
  });
  return {
    stop: () => {
      clearImmediate(next);
      look();
      return longestMs;
    },
  };
}
