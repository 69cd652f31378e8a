import express from 'express';
import { passportJwtSecret } from 'jwks-rsa';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

const issuer = process.env.ISSUER;
passport.use(
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({
        jwksUri: `${issuer}/.well-known/jwks.json`,
        cache: true,
        rateLimit: true,
      }),
      issuer,
      audience: 'api',
      algorithms: ['RS256'],
    },
    (payload, done) => done(null, payload),
  ),
);
const app = express();
app.get('/', passport.authenticate('jwt', { session: false }), (_request, response) =>
  response.sendStatus(204),
);
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
