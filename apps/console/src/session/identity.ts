import type { Proof } from '../api/problem.js';
import { Store } from '../store.js';

export interface IdentityQuestion {
  readonly proof: Proof;
  /** Ends the question: whether the user has proved who they are. The first answer counts. */
  readonly answer: (isConfirmed: boolean) => void;
}

/** Set while the user is asked. */
export const identityQuestion = new Store<IdentityQuestion | undefined>(undefined);

let asking: Promise<boolean> | undefined;

/** Asks the user for a proof, once for all calls that need it. @returns whether it was right */
export function confirmIdentity(proof: Proof): Promise<boolean> {
  asking ??= new Promise<boolean>((answer) => identityQuestion.set({ proof, answer })).finally(
    () => {
      identityQuestion.set(undefined);
      asking = undefined;
    },
  );
  return asking;
}
