import { Store } from '../store.js';

/** Ends the question: whether the user has proved who they are. The first answer counts. */
type Answer = (isConfirmed: boolean) => void;

/** Set while the user is asked for the password. */
export const identityQuestion = new Store<Answer | undefined>(undefined);

let asking: Promise<boolean> | undefined;

/** Asks the user for the password, once for all calls that need it. @returns whether it was right */
export function confirmIdentity(): Promise<boolean> {
  asking ??= new Promise<boolean>((resolve) => identityQuestion.set(resolve)).finally(() => {
    identityQuestion.set(undefined);
    asking = undefined;
  });
  return asking;
}
