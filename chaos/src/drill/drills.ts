import { balancer } from './balancer.js';
import { connections } from './connections.js';
import { diskFull } from './disk-full.js';
import type { Drill } from './drill.js';
import { failOver } from './fail-over.js';
import { password } from './password.js';
import { readOnly } from './read-only.js';
import { restore, restoreDump } from './restore.js';
import { rollingRestart } from './rolling-restart.js';

/** In the order in which they run. docs/runbook.md names each of them. */
export const DRILLS: readonly Drill[] = [
  ...[failOver, readOnly, connections, diskFull, password],
  ...[restore, restoreDump, rollingRestart, balancer],
];
