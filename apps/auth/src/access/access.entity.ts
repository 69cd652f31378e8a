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

/** What a user may do: `roles` and `scope` in the tokens. */
@Entity({ name: 'roles' })
export class Role {
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** Of any resources: a token names those of its audience. */
  @Column({ type: 'text', array: true })
  scopes!: string[];

  /** Tokens of its users name it, and its scopes, only after a second factor. */
  @Column({ name: 'requires_mfa', type: 'boolean' })
  requiresMfa!: boolean;
}
