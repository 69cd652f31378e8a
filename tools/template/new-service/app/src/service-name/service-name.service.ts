import { randomUUID } from 'node:crypto';

import { toUuid, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';

import type { ServiceNameEntry } from './service-name-entry.entity.js';
import { ServiceNameError } from './service-name.errors.js';
import { ServiceNameRepository } from './service-name.repository.js';
import type { NewServiceNameEntry } from './service-name.schema.js';

/** The entries of owners. An entry is found only for the owner who added it. */
@Injectable()
export class ServiceNameService {
  constructor(private readonly entries: ServiceNameRepository) {}

  add(ownerId: string, { title }: NewServiceNameEntry): Promise<ServiceNameEntry> {
    return this.entries.insert({ id: randomUUID(), ownerId, title });
  }

  /** @throws PageCursorError */
  list(ownerId: string, page: PageQuery): Promise<Page<ServiceNameEntry>> {
    return this.entries.list(ownerId, page);
  }

  /** @throws ServiceNameError `not_found`, for another owner's entry too */
  async find(ownerId: string, entryId: string): Promise<ServiceNameEntry> {
    const id = toUuid(entryId);
    const entry = id === undefined ? null : await this.entries.find(ownerId, id);
    if (!entry) throw new ServiceNameError('not_found', 'The owner has no such entry');
    return entry;
  }
}
