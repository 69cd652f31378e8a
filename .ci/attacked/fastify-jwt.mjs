import jwt from '@fastify/jwt';
import fastify from 'fastify';
import buildGetJwks from 'get-jwks';

const issuer = process.env.ISSUER;
const getJwks = buildGetJwks({ issuersWhitelist: [issuer] });
const app = fastify();
await app.register(jwt, {
  decode: { complete: true },
  secret: (_request, { header: { kid, alg }, payload: { iss } }) =>
    getJwks.getPublicKey({ kid, alg, domain: iss }),
  verify: { algorithms: ['RS256'], allowedIss: issuer, allowedAud: 'api' },
});
app.get('/', { onRequest: (request) => request.jwtVerify() }, (_request, reply) =>
  reply.code(204).send(),
);
await app.listen({ port: 0, host: '127.0.0.1' });
console.log(app.server.address().port);
