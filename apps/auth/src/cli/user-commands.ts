import { toUuid } from '@jwt-auth/chassis';

import { sessionAnswer } from '../sessions/sessions.schema.js';
import { Email, emailKey } from '../credentials/email.js';
import { userAnswer } from '../users/users.admin.schema.js';
import type { User } from '../users/user.entity.js';
import type { AdminServices } from './admin-services.js';
import { demand, demandPassword, CommandError, type Console } from './console.js';

/** What a command prints: `results` for a script, `message` for a human. */
export interface CommandResult {
  readonly results?: readonly string[];
  readonly message?: string;
}

/** An argument that may be left out. */
interface Argument {
  /** As the usage shows it. */
  readonly name: string;
  readonly accepts: (text: string) => boolean;
}

/** A command about a user: the e-mail or the id of the user comes first. */
export interface UserCommand {
  /** What may follow the user. */
  readonly argument?: Argument;
  readonly purpose: string;
  readonly run: (
    services: AdminServices,
    user: User,
    argument: string | undefined,
    console: Console,
  ) => Promise<CommandResult>;
}

const SESSION_ID: Argument = {
  name: '<session id>',
  accepts: (text) => toUuid(text) !== undefined,
};
const GENERATE: Argument = { name: '--generate', accepts: (text) => text === '--generate' };
const by = (command: string) => ({ actor: null, command });

/** First aid by administrators. Each command does the same as a route of `/admin/users`. */
export const USER_COMMANDS: Readonly<Record<string, UserCommand>> = {
  'show-user': {
    purpose: 'a user, as one line of JSON',
    run: async (_services, user) => ({ results: [JSON.stringify(userAnswer(user))] }),
  },
  'list-sessions': {
    purpose: 'the sessions of a user, each as a line of JSON',
    run: async ({ sessions }, { id }) => ({
      // Without `current`: the command runs in none of them.
      results: (await sessions.list(id)).map((session) =>
        JSON.stringify({ ...sessionAnswer(session), current: undefined }),
      ),
    }),
  },
  'end-sessions': {
    argument: SESSION_ID,
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
    argument: GENERATE,
    purpose: 'sets or generates a password, and ends all sessions',
    run: async ({ users }, { id, email }, option, console) => {
      const given = option === undefined ? await demandPassword(console) : undefined;
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

/** Whether a command can be called with what follows the user. */
export function takes({ argument }: UserCommand, given: string | undefined): boolean {
  return given === undefined || argument?.accepts(given) === true;
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
  if (!user) throw new CommandError(`There is no user ${emailOrId}.`);
  return user;
}
