import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';

const strict = process.argv.includes('strict');
const app = express();
app.use(
  auth({ issuerBaseURL: process.env.ISSUER, audience: 'api', tokenSigningAlg: 'RS256', strict }),
);
app.get('/', (_request, response) => response.sendStatus(204));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
