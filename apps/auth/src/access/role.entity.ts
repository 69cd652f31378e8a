import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a user may do: `roles` and `scope` in the tokens. */
@Entity({ name: 'roles' })
export class Role {
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** Of any resources: a token names those of its audience. */
  @Column({ type: 'text', array: true })
  scopes!: string[];
}
