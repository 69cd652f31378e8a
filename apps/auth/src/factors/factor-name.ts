import { line } from '../access/access.schema.js';

/** A user's own name for a factor. */
export const FactorName = line(64).min(1);
