import { DEMO } from '@jwt-auth/dev-stack';
import { ask, granted, type Answer, type Question } from './ask.js';

/** The demo administrator, who logs in again when their token was revoked. */
export class Administrator {
  private token: string | undefined;
  private loggingIn: Promise<void> | undefined;

  /** `undefined`: no answer, or no login, and whether it had an effect is not known. */
  async ask(auth: string, path: string, question: Question = {}): Promise<Answer | undefined> {
    const answer = await this.tryToAsk(auth, path, question);
    if (answer?.status !== 401) return answer;
    this.token = undefined;
    return this.tryToAsk(auth, path, question);
  }

  private async tryToAsk(auth: string, path: string, question: Question) {
    if (!this.token) await (this.loggingIn ??= this.logIn(auth));
    return this.token ? ask(auth + path, { ...question, token: this.token }) : undefined;
  }

  private async logIn(auth: string): Promise<void> {
    const body = granted(await ask(`${auth}/auth/login`, { json: DEMO.admin }));
    this.token = body && String(body['access_token']);
    this.loggingIn = undefined;
  }
}
