import express from 'express';
import { bearerToken, createVerifier, problemOf } from '@jwt-auth/jwt-core/verifier';

const { verify } = createVerifier({ issuer: process.env.ISSUER, audience: 'api' });
const app = express();
app.get('/me', async (request, response) => {
  const caller = await verify(bearerToken(request));
  response.json({ subject: caller.subject });
});
app.use((error, request, response, _next) => {
  const { status, headers, body } = problemOf(error);
  response.status(status).set(headers).json(body);
});
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
