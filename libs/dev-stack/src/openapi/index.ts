export { ApiProbe, type ApiProbeOptions, type Fault } from './api-probe.js';
export { knownExamples } from './known-examples.js';
