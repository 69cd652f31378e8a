export { DevStackError } from './errors.js';
export { createTcpProxy, type TcpProxy } from './faults/tcp-proxy.js';
export {
  createDatabase,
  startPostgres,
  type PostgresOptions,
  type PostgresServer,
} from './postgres/postgres-server.js';
export { withClient } from './postgres/with-client.js';
export { appNamed, findApps, ROOT, type App } from './stack/app.js';
export { call, outcome, type Answer, type Call } from './stack/call.js';
export { DEMO, fillDemo } from './stack/demo.js';
export { runLauncher } from './stack/launcher.js';
export { startApp, type RunningApp } from './stack/running-app.js';
export { authSettings } from './stack/settings.js';
export { findChromium } from './supervision/chromium.js';
export { freePort } from './supervision/free-port.js';
export { ProgramLog } from './supervision/program-log.js';
export { SupervisedProcess } from './supervision/supervised-process.js';
export { OtlpReceiver, type ReceivedSpan } from './telemetry/otlp-receiver.js';
export { until } from './supervision/until.js';
