import { readLatestFirst, type Page, type PageQuery } from '@jwt-auth/chassis';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ServiceNameEntry } from './service-name-entry.entity.js';

/** All SQL of the entries. */
@Injectable()
export class ServiceNameRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * The latest first.
   *
   * @throws PageCursorError
   */
  list(ownerId: string, page: PageQuery): Promise<Page<ServiceNameEntry>> {
    const entries = this.dataSource.createQueryBuilder(ServiceNameEntry, 'e').where({ ownerId });
    return readLatestFirst(entries, `service-name ${JSON.stringify([ownerId])}`, page);
  }

  find(ownerId: string, id: string): Promise<ServiceNameEntry | null> {
    return this.dataSource.manager.findOneBy(ServiceNameEntry, { id, ownerId });
  }

  /** The database sets `createdAt`. */
  async insert(unstored: Omit<ServiceNameEntry, 'createdAt'>): Promise<ServiceNameEntry> {
    const entry = this.dataSource.manager.create(ServiceNameEntry, unstored);
    await this.dataSource.manager.insert(ServiceNameEntry, entry);
    return entry;
  }
}
