import type { Origin } from './origin.js';

/** On whose behalf something changes, and from where. */
export interface ByAdmin {
  /** The administrator's id. */
  readonly actor: string;
  readonly origin: Origin;
}
