import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { read } from './repository-files.js';

const FOLDERS = ['base', 'migrate', 'overlays/production'].map(
  (name) => `deploy/kubernetes/${name}`,
);
/** Of the Prometheus Operator, not of Kubernetes: kubernetes.spec.ts checks their fields. */
const CUSTOM = ['ServiceMonitor', 'PrometheusRule'];

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
type Manifest = z.output<typeof Manifest>;

/** A class of `kubernetes-models`, which has the OpenAPI schema of a resource. */
type Model = new (manifest: unknown) => { validate(): void };

const resourcesOf = (folder: string): Manifest[] =>
  z
    .looseObject({ resources: z.array(z.string()) })
    .parse(parse(read(`${folder}/kustomization.yaml`)))
    .resources.filter((resource) => resource.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(read(`${folder}/${file}`)))
    .map((document) => Manifest.parse(document.toJS()));

const manifests = FOLDERS.flatMap(resourcesOf).filter(({ kind }) => !CUSTOM.includes(kind));

// Vite resolves no import that is made of parts.
const load = createRequire(import.meta.url);

/** @throws Error if there is no such resource, or this is none */
function check(manifest: Manifest): void {
  const { apiVersion, kind } = manifest;
  const models = load(`kubernetes-models/${apiVersion}/${kind}`) as Record<string, Model>;
  new models[kind]!(manifest).validate();
}

it.each(manifests.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
  'the %s %s has the form that the API of Kubernetes demands',
  (_kind, _name, manifest) => check(manifest),
);

it('the schemas refuse what has another form', () => {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')!;
  const text = JSON.stringify(deployment);
  const wrong = text.replace('"sleep":{"seconds":5}', '"sleep":{"seconds":"5"}');
  expect(wrong).not.toBe(text);
  expect(() => check(Manifest.parse(JSON.parse(wrong)))).toThrow('must be integer');
});
