export type { Operation } from './api-document.js';
export { ApiProbe, type ApiProbeOptions, type Fault } from './api-probe.js';
export { knownExamples } from './known-examples.js';
