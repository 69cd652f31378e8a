import { z } from 'zod';

/**
 * The kinds of access token that can be asked for.
 *
 * - `jwt`: every service verifies it alone. Where it would exceed 1 KiB, a `reference` comes instead.
 * - `reference`: an opaque text, and who it stands for is told by introspection.
 */
export const TokenFormat = z.enum(['jwt', 'reference']);
export type TokenFormat = z.infer<typeof TokenFormat>;
