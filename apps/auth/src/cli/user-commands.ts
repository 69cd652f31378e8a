import { toUuid } from '@jwt-auth/chassis';

import { sessionAnswer } from '../sessions/sessions.schema.js';
import { Email, emailKey } from '../users/email.js';
import { userAnswer } from '../users/users.admin.schema.js';
import type { User } from '../users/user.entity.js';
import type { AdminServices } from './admin-services.js';
import { demand, demandPassword, Refusal, type Console } from './console.js';

/** What a command prints: `results` for a script, `message` for a human. */
export interface Outcome {
  readonly results?: readonly string[];
  readonly message?: string;
}

/** A command about a user, after the name or id of the user. */
export interface UserCommand {
  /** What may follow the user, for the usage. */
  readonly parameters?: string;
  readonly purpose: string;
  readonly run: (
    services: AdminServices,
    user: User,
    argument: string | undefined,
    console: Console,
  ) => Promise<Outcome>;
}

const GENERATE = '--generate';
const by = (command: string) => ({ actor: null, command });

/** First aid of administrators: each command does what the route of `/admin/users` does. */
export const USER_COMMANDS: Readonly<Record<string, UserCommand>> = {
  'show-user': {
    purpose: 'a user, as one line of JSON',
    run: async (_services, user) => ({ results: [JSON.stringify(userAnswer(user))] }),
  },
  'list-sessions': {
    purpose: 'the sessions of a user, each as a line of JSON',
    run: async ({ sessions }, { id }) => ({
      // Without `current`: none of them asks.
      results: (await sessions.list(id)).map((session) =>
        JSON.stringify({ ...sessionAnswer(session), current: undefined }),
      ),
    }),
  },
  'end-sessions': {
    parameters: '[<session id>]',
    purpose: 'ends all sessions of a user, or one',
    run: async ({ sessions }, { id, email }, sessionId) => {
      if (sessionId !== undefined) {
        await sessions.end(id, sessionId, by('end-sessions'));
        return { message: `Ended the session ${sessionId} of ${email}.` };
      }
      const count = await sessions.endAll(id, by('end-sessions'));
      return { message: `Sessions of ${email} that were ended: ${count}.` };
    },
  },
  'reset-password': {
    parameters: `[${GENERATE}]`,
    purpose: 'sets or generates a password, and ends all sessions',
    run: async ({ users }, { id, email }, option, console) => {
      const given = option === GENERATE ? undefined : await demandPassword(console);
      const generated = await users.resetPassword(id, given, by('reset-password'));
      return {
        ...(generated !== undefined && { results: [generated] }),
        message: `${email} has a new password, and no session any more.`,
      };
    },
  },
  'reset-factors': {
    purpose: 'removes all second factors of a user',
    run: async ({ factors }, { id, email }) => {
      const count = await factors.reset(id, by('reset-factors'));
      return { message: `Second factors of ${email} that were removed: ${count}.` };
    },
  },
  'delete-user': {
    purpose: 'deletes a user for good',
    run: async ({ users }, { id, email }) => {
      await users.delete(id, by('delete-user'));
      return { message: `Deleted ${email}, who had the id ${id}.` };
    },
  },
};

/** Whether the argument after the user is one that the command takes. */
export function takes({ parameters }: UserCommand, argument: string | undefined): boolean {
  if (argument === undefined) return true;
  if (parameters === undefined) return false;
  return parameters === `[${GENERATE}]` ? argument === GENERATE : toUuid(argument) !== undefined;
}

/** The user with this e-mail or id. */
export async function demandUser(
  { usersRepository }: AdminServices,
  emailOrId: string,
): Promise<User> {
  const id = toUuid(emailOrId);
  const user =
    id === undefined
      ? await usersRepository.findByEmail(emailKey(demand(Email, emailOrId, 'The e-mail')))
      : await usersRepository.findById(id);
  if (!user) throw new Refusal(`There is no user ${emailOrId}.`);
  return user;
}
