import { pageOf, PageQuery } from '@jwt-auth/chassis';
import { z } from 'zod';

/** What an owner adds. */
export const NewServiceNameEntry = z.strictObject({
  title: z.string().trim().min(1).max(200).meta({ example: 'The first one' }),
});
export type NewServiceNameEntry = z.infer<typeof NewServiceNameEntry>;

/** The query of a list of entries. */
export const ServiceNameQuery = PageQuery;
export type ServiceNameQuery = z.infer<typeof ServiceNameQuery>;

/** An entry in an answer. */
export const ServiceNameEntryAnswer = z.object({
  id: z.uuid(),
  ownerId: z.string(),
  ...NewServiceNameEntry.shape,
  createdAt: z.iso.datetime(),
});

export const ServiceNamePageAnswer = pageOf(ServiceNameEntryAnswer);
