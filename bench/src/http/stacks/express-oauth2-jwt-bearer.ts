import { auth } from 'express-oauth2-jwt-bearer';
import { ordersBehind, type Stack, StackModule } from './stack.js';

export const stack: Stack = {
  platform: 'express',
  moduleFor: () => ({ module: StackModule, controllers: [ordersBehind()] }),
  prepare: (app, { issuer, audience }) => {
    const jwksUri = `${issuer}/.well-known/jwks.json`;
    app.use(auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256', strict: true }));
  },
};
