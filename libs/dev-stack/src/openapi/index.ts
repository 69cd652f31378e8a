export { ApiProbe, type ApiProbeOptions, type Fault } from './api-probe.js';
