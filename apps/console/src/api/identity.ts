import { Store } from '../store.js';

/** Ends the question: whether the user has proved who they are. The first answer counts. */
export type IdentityAnswer = (isConfirmed: boolean) => void;

/** Set while the user is asked. */
export const identityQuestion = new Store<IdentityAnswer | undefined>(undefined);

let asking: Promise<boolean> | undefined;

/** Asks the user for a proof, once for all calls that need it. @returns whether it was right */
export function confirmIdentity(): Promise<boolean> {
  asking ??= new Promise<boolean>((answer) => identityQuestion.set(answer)).finally(() => {
    identityQuestion.set(undefined);
    asking = undefined;
  });
  return asking;
}
