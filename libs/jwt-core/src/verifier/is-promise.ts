/**
 * Whether an answer comes later. Not `instanceof`: zone.js and others replace the global `Promise`,
 * of which what an `async` function returns is no instance. If a promise were taken for its answer,
 * a caller would get in whose token was not verified (threat:replaced-promise).
 */
export function isPromise<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}
