import { z } from 'zod';

/** Any text: what is wrong with it, the verifier says. */
export const TokenCheck = z.strictObject({ token: z.string() }).meta({ id: 'TokenCheck' });
export type TokenCheck = z.infer<typeof TokenCheck>;

export const TokenVerdict = z
  .object({
    accepted: z.boolean(),
    code: z.string().optional().meta({ description: 'as a service would answer' }),
    reason: z.string().optional().meta({ description: 'what was wrong, for people' }),
  })
  .meta({ id: 'TokenVerdict' });
export type TokenVerdict = z.infer<typeof TokenVerdict>;
