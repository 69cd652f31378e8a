import { Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';

import { AdminController } from '../admin-controller.decorator.js';
import { HealthHistory } from './health-history.js';

const Counts = z.record(z.string(), z.int());

const HealthAnswer = z
  .object({
    process: z.uuid().meta({ description: 'which auth process answers: each counts for itself' }),
    startedAt: z.iso.datetime(),
    samples: z
      .array(
        z.object({
          at: z.iso.datetime().meta({ description: 'the begin of the minute' }),
          logins: Counts.meta({ description: 'by outcome' }),
          refreshes: Counts.meta({ description: 'by outcome' }),
          verdicts: Counts.meta({ description: 'requests here by the verdict on their token' }),
          listEntries: z.int().meta({ description: 'revocations in memory' }),
          reachMs: z.number().nullable().meta({
            description: 'the longest way of a revocation into force; null if there was none',
          }),
        }),
      )
      .meta({ description: 'a minute each, an hour at most, the oldest first' }),
  })
  .meta({ id: 'Health' });
type HealthAnswer = z.infer<typeof HealthAnswer>;

@AdminController('health')
export class HealthAdminController {
  private readonly process = randomUUID();

  constructor(private readonly history: HealthHistory) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The last hour of this process, minute by minute' })
  @ApiOkResponse({ standardSchema: HealthAnswer })
  read(): HealthAnswer {
    const { startedAt, samples } = this.history;
    return {
      process: this.process,
      startedAt: startedAt.toISOString(),
      samples: samples.map(({ at, ...sample }) => ({ at: at.toISOString(), ...sample })),
    };
  }
}
