import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An entry of one owner, in the database and in answers. */
@Entity('service_name_entries')
export class ServiceNameEntry {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** The `sub` of the token that added it. */
  @Column({ name: 'owner_id', type: 'varchar', length: 255 })
  ownerId!: string;

  @Column({ type: 'varchar', length: 200 })
  title!: string;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt!: Date;
}
