import { accountTiming } from './accounts/account-timing.js';
import { guard } from './guard/guard.js';
import type { Benchmark } from './harness/benchmark.js';
import { http } from './http/http.js';
import { loginFlood } from './login/login-flood.js';
import { revocationList } from './revocation-list/revocation-list.js';
import { loginRate } from './rates/login-rate.js';
import { refreshRate } from './rates/refresh-rate.js';
import { reach } from './reach/reach.js';
import { scale } from './scale/scale.js';
import { start } from './start/start.js';
import { verifyAgain } from './verify-again/verify-again.js';
import { verifyFirst } from './verify-first/verify-first.js';

/** In the order in which `npm run bench` runs them. */
export const benchmarks: readonly Benchmark[] = [
  verifyFirst,
  verifyAgain,
  guard,
  http,
  revocationList,
  accountTiming,
  loginFlood,
  reach,
  loginRate,
  refreshRate,
  start,
  scale,
];
