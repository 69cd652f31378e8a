import type { Attack } from './attack.js';
import { claimAttacks, headerAttacks } from './member-attacks.js';
import { tokenAttacks } from './token-attacks.js';
import { transportAttacks } from './transport-attacks.js';

/** Each is one request that must be refused. Revocations are `RevocationScenarios`. */
export const ALL_ATTACKS: readonly Attack[] = [
  ...headerAttacks,
  ...claimAttacks,
  ...tokenAttacks,
  ...transportAttacks,
];
