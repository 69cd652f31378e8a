// Runs before each spec file of .ci/mutation.mjs, in a thread that stays for many mutants.
import { Buffer } from 'node:buffer';
import crypto, { createPrivateKey, createPublicKey } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { URL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, inject } from 'vitest';

/** What Stryker and the changed sources have in common. */
const stryker = globalThis[inject('globalNamespace')];
const isDryRun = inject('mode') === 'dry-run';
const isStatic = !isDryRun && inject('mutantActivation') === 'static';
const postgresUrl = inject('postgresUrl');
/** Of this thread. */
const kept = (globalThis.keptByMutationSetup ??= { nextKey: 0, firstKey: 0 });

const run = isDryRun ? 'dry-run' : inject('activeMutant');
const isNewRun = kept.run !== run;
kept.run = run;
if (isNewRun) startKeys();

if (!kept.hasKeys) useStoredKeys();
// What the run before it has covered. The modules that count it are loaded again.
if (isNewRun && isDryRun) stryker.mutantCoverage = undefined;
// Stryker sets it in a hook. Until then it is that of the run before.
if (!isStatic) stryker.activeMutant = undefined;
loadAgain(isStatic ? inject('activeMutant') : undefined);
if (isNewRun && postgresUrl !== undefined) await tidyServer();
if (isDryRun) attributeHooks();

// Specs make RSA keys when they are loaded, which takes longer than to run them against a mutant. So
// .ci/mutation.mjs makes a few for all mutants. Each is used once in a run. Those of a run that has loaded modules are
// used in no other one: modules and the template database hold them.
function startKeys() {
  if (kept.isLoading) kept.firstKey = kept.nextKey;
  kept.nextKey = kept.firstKey;
  // The first run of a thread loads them all.
  kept.isLoading = !kept.hasKeys;
}

function useStoredKeys() {
  kept.hasKeys = true;
  kept.keys = (process.env.RSA_KEYS ?? '').split(' ').filter(Boolean);
  const { generateKeyPairSync, generateKeyPair } = crypto;
  const generate = promisify(generateKeyPair);
  crypto.generateKeyPairSync = (type, options) =>
    storedPair(type, options) ?? generateKeyPairSync(type, options);
  crypto.generateKeyPair = Object.assign((...given) => generateKeyPair(...given), {
    [promisify.custom]: async (type, options) =>
      storedPair(type, options) ?? generate(type, options),
  });
  syncBuiltinESMExports();
}

function storedPair(type, options) {
  if (type !== 'rsa' || options?.modulusLength !== 2048) return undefined;
  const der = kept.keys[kept.nextKey++];
  if (der === undefined) return undefined;
  const key = Buffer.from(der, 'base64');
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A mutant of what a module does when it is loaded needs new modules, and so does what comes after it. */
function loadAgain(mutant) {
  if (kept.loadedUnder === mutant) return;
  kept.loadedUnder = mutant;
  kept.isLoading = true;
  for (const [id, node] of globalThis.__vitest_worker__.evaluatedModules.idToModuleMap) {
    // What holds the template database stays, and so do packages.
    if (/node_modules|migrated-database\.fixture|\.ci\/|vitest|stryker-setup/.test(id)) continue;
    Object.assign(node, { promise: undefined, exports: undefined, evaluated: false });
    node.importers.clear();
  }
}

/** Before each run: makes the template database if there is none, and drops all others. */
async function tidyServer() {
  const { activeMutant } = stryker;
  stryker.activeMutant = undefined;
  const { templateDatabase } =
    await import('../apps/auth/src/testing/migrated-database.fixture.ts');
  const { withClient } = await import('../libs/dev-stack/src/postgres/with-client.ts');
  const covered = { ...stryker.mutantCoverage?.static };
  const template = await templateDatabase();
  // No spec has made it.
  if (isDryRun && stryker.mutantCoverage) setStatic(covered);
  await withClient(postgresUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' AND datname <> $1`,
      [decodeURIComponent(new URL(template).pathname.slice(1))],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  });
  stryker.activeMutant = activeMutant;
}

function setStatic(counts) {
  const { static: all } = stryker.mutantCoverage;
  for (const mutant of Object.keys(all)) {
    if (counts[mutant] === undefined) delete all[mutant];
    else all[mutant] = counts[mutant];
  }
}

/**
 * Stryker takes what runs in `beforeAll`, or between two tests, for a part of loading the modules, and would
 * run all specs for such a mutant. Here it counts as covered by each test of the file.
 */
function attributeHooks() {
  let loaded;
  beforeAll(() => {
    loaded = { ...stryker.mutantCoverage?.static };
  });
  // oxlint-disable-next-line no-empty-pattern -- Vitest demands it.
  afterAll(({}, file) => {
    if (!stryker.mutantCoverage) return;
    const { static: all, perTest } = stryker.mutantCoverage;
    const inHooks = Object.entries(all).filter(([mutant, hits]) => hits !== loaded[mutant]);
    for (const test of testsOf(file)) {
      const covered = (perTest[`${file.filepath}#${nameOf(test)}`] ??= {});
      for (const [mutant, hits] of inHooks) {
        covered[mutant] = (covered[mutant] ?? 0) + hits - (loaded[mutant] ?? 0);
      }
    }
    setStatic(loaded);
  });
}

const testsOf = ({ tasks }) =>
  tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));

/** As Stryker names it. */
const nameOf = ({ name, suite }) => (suite ? `${nameOf(suite)} ${name}` : name).trim();
