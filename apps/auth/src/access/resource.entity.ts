import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a token can be good for at a resource. */
export interface ResourceScope {
  readonly name: string;
  /** For administrators: may be empty. */
  readonly description: string;
}

/** A service, or several, that take tokens: `aud` in them is its audience. */
@Entity({ name: 'resources' })
export class Resource {
  @PrimaryColumn({ type: 'text' })
  audience!: string;

  @Column({ type: 'jsonb' })
  scopes!: readonly ResourceScope[];
}
