import { line } from '@jwt-auth/chassis';

/** A user's own name for a factor. */
export const FactorName = line(64).min(1);
