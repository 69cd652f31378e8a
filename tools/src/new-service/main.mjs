// npm run new-service -- billing
import path from 'node:path';
import { newService } from './new-service.mjs';
import { NewServiceError } from './service-name.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const names = process.argv.slice(2);

try {
  if (names.length !== 1) throw new NewServiceError('Which name? npm run new-service -- billing');
  const [name] = names;
  const { port, written } = await newService(root, name);
  console.log(`Made apps/${name} and apps/${name}-e2e, and changed ${written.join(', ')}.

  npm install                     links the two in node_modules
  npm start                       brings it up on http://localhost:${port}
  npx nx run ${name}-e2e:e2e      runs its tests

Its tokens are for the audience "${name}": log in with {"resource":"${name}", ...}. A database that
exists already does not know it: add the resource (docs/access.md), or remove .data to start over.
The first migration is only an example. When you change it before it lands, remove its line in
migrations.lock and run: node .ci/migrations-lock.mjs --add`);
} catch (error) {
  if (!(error instanceof NewServiceError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
