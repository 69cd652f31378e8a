import { z } from 'zod';

import { FollowerName } from './follower.js';

const FollowerState = z.enum(['blind', 'fresh', 'stale']);
export type FollowerState = z.infer<typeof FollowerState>;

const Identity = {
  service: FollowerName,
  instance: FollowerName.meta({ description: 'one process of the service' }),
  version: FollowerName.optional(),
};

/** A process that follows the revocation feed, as administrators see it. */
export const ServiceAnswer = z
  .object({
    ...Identity,
    state: FollowerState.meta({
      description:
        'blind: it has no list yet. stale: it has been silent, or behind, for longer than ' +
        'REVOCATION_MAX_STALENESS',
    }),
    position: z.string().nullable().meta({
      description: 'what smaller transaction ids published is applied; null without a list',
    }),
    lagMs: z.int().nullable().meta({
      description: 'for how long it has missed a revocation; 0 if none, null without a list',
    }),
    lastSeenAt: z.iso.datetime(),
  })
  .meta({ id: 'Service' });
export type ServiceAnswer = z.infer<typeof ServiceAnswer>;

export const ServiceList = z.array(ServiceAnswer).meta({ id: 'ServiceList' });

/** Who has applied a revocation. */
export const ReceiptMembers = {
  applied: z.array(
    z.object({
      ...Identity,
      afterMs: z.number().meta({ description: 'from the commit until auth knew' }),
    }),
  ),
  pending: z.array(z.object(Identity)).meta({ description: 'live followers that have not' }),
};
