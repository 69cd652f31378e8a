export type { Operation } from './api-document.js';
export { ApiProbe, type Fault } from './api-probe.js';
export { knownExamples } from './examples.js';
