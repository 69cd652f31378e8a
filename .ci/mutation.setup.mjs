// Specs make RSA keys when they are loaded, which takes longer than to run them against a mutant. So
// .ci/mutation.mjs makes a few for all mutants. Each is used once.
import { Buffer } from 'node:buffer';
import crypto, { createPrivateKey, createPublicKey } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { promisify } from 'node:util';

const keys = (process.env.RSA_KEYS ?? '').split(' ').filter(Boolean);

function storedPair(type, options) {
  if (type !== 'rsa' || options?.modulusLength !== 2048) return undefined;
  const der = keys.pop();
  if (der === undefined) return undefined;
  const key = Buffer.from(der, 'base64');
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

// This file is run again for each spec file.
if (!globalThis.hasStoredKeys) {
  globalThis.hasStoredKeys = true;
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
