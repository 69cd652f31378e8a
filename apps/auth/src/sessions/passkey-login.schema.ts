import { z } from 'zod';

import { PasskeyAssertion } from '../factors/passkey.schema.js';
import { LoginRequest } from './login.schema.js';

export const PasskeyLoginRequest = LoginRequest.omit({ email: true, password: true })
  .extend({ passkey: PasskeyAssertion })
  .meta({ id: 'PasskeyLoginRequest' });
export type PasskeyLoginRequest = z.infer<typeof PasskeyLoginRequest>;
