import type { Origin } from './origin.js';

/** On whose behalf something changes, and from where. */
export interface ByAdmin {
  /** The administrator's id; `null`: a command in a shell, which knows no user. */
  readonly actor: string | null;
  /** Absent for a command. */
  readonly origin?: Origin | undefined;
  /** The name of the command, as `delete-user`. */
  readonly command?: string | undefined;
}
