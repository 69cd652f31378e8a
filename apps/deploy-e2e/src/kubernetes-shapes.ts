import { z } from 'zod';

// The parts of the Kubernetes API that deploy/kubernetes uses. Each object is strict: the API server
// would drop a misspelt field without an error.

const Name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const Labels = z.record(z.string().regex(/^([a-z0-9.-]+\/)?[a-z0-9._-]+$/), z.string().max(63));
const Metadata = z.strictObject({ name: Name, labels: Labels.optional() });
const Selector = z.strictObject({ matchLabels: Labels });
const Port = z.union([Name, z.int().min(1).max(65_535)]);

const Probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/health/live', '/health/ready']), port: Name }),
  periodSeconds: z.int().min(1),
  // Longer than a check of readiness takes.
  timeoutSeconds: z.int().min(3).optional(),
  failureThreshold: z.int().min(1),
});

const Quantity = z.string().regex(/^\d+(m|Mi|Gi)?$/);
const Environment = z.array(z.strictObject({ name: z.string(), value: z.string() }));

/** What every container has. */
const PROGRAM = {
  name: Name,
  image: z.string(),
  env: Environment,
  resources: z.strictObject({
    requests: z.strictObject({ cpu: Quantity, memory: Quantity }),
    limits: z.strictObject({ memory: Quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name: Name, mountPath: z.string(), readOnly: z.literal(true) }),
  ),
};

const Container = z.strictObject({
  ...PROGRAM,
  ports: z.array(z.strictObject({ name: Name, containerPort: z.int() })),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Probe,
  lifecycle: z.strictObject({
    preStop: z.strictObject({ sleep: z.strictObject({ seconds: z.int() }) }),
  }),
});

const Volume = z.union([
  z.strictObject({
    name: Name,
    secret: z.strictObject({ secretName: Name, defaultMode: z.int() }),
  }),
  z.strictObject({ name: Name, configMap: z.strictObject({ name: Name }) }),
]);

/** What every pod has. */
const POD = {
  enableServiceLinks: z.literal(false),
  automountServiceAccountToken: z.literal(false),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  volumes: z.array(Volume),
};

const Pod = z.strictObject({
  ...POD,
  terminationGracePeriodSeconds: z.int(),
  topologySpreadConstraints: z.array(
    z.strictObject({
      maxSkew: z.int(),
      topologyKey: z.enum(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']),
      whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
      labelSelector: Selector,
    }),
  ),
  containers: z.tuple([Container]),
});

const object = <Kind extends string, Spec extends z.ZodType>(
  apiVersion: string,
  kind: Kind,
  spec: Spec,
) =>
  z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata: Metadata,
    spec,
  });

export const Deployment = object(
  'apps/v1',
  'Deployment',
  z.strictObject({
    revisionHistoryLimit: z.int(),
    selector: Selector,
    strategy: z.strictObject({
      type: z.literal('RollingUpdate'),
      // A new process is ready before an old one goes.
      rollingUpdate: z.strictObject({ maxSurge: z.int().min(1), maxUnavailable: z.literal(0) }),
    }),
    template: z.strictObject({ metadata: z.strictObject({ labels: Labels }), spec: Pod }),
  }),
);
export type Deployment = z.infer<typeof Deployment>;

const Job = object(
  'batch/v1',
  'Job',
  z.strictObject({
    backoffLimit: z.int().min(1),
    activeDeadlineSeconds: z.int().min(60),
    ttlSecondsAfterFinished: z.int().min(3_600),
    template: z.strictObject({
      metadata: z.strictObject({ labels: Labels }),
      spec: z.strictObject({
        ...POD,
        restartPolicy: z.literal('Never'),
        containers: z.tuple([z.strictObject({ ...PROGRAM, args: z.array(z.string()) })]),
      }),
    }),
  }),
);

const Service = object(
  'v1',
  'Service',
  z.strictObject({
    selector: Labels,
    ports: z.array(z.strictObject({ name: Name, port: z.int(), targetPort: Name })),
  }),
);

const DisruptionBudget = object(
  'policy/v1',
  'PodDisruptionBudget',
  z.strictObject({ maxUnavailable: z.int().min(1), selector: Selector }),
);

const Utilization = z.strictObject({
  type: z.literal('Utilization'),
  averageUtilization: z.int().min(1).max(100),
});
const Autoscaler = object(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  z.strictObject({
    scaleTargetRef: z.strictObject({
      apiVersion: z.literal('apps/v1'),
      kind: z.literal('Deployment'),
      name: Name,
    }),
    minReplicas: z.int().min(2),
    maxReplicas: z.int(),
    metrics: z.array(
      z.strictObject({
        type: z.literal('Resource'),
        resource: z.strictObject({ name: z.literal('cpu'), target: Utilization }),
      }),
    ),
  }),
);

const Peer = z.union([
  z.strictObject({ podSelector: Selector }),
  z.strictObject({ namespaceSelector: Selector }),
]);
const PolicyPort = z.strictObject({ port: Port, protocol: z.enum(['TCP', 'UDP']).optional() });
const NetworkPolicy = object(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  z.strictObject({
    podSelector: Selector,
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(z.strictObject({ from: z.array(Peer).min(1), ports: z.array(PolicyPort) })),
    egress: z.array(z.strictObject({ ports: z.array(PolicyPort).min(1) })),
  }),
);

const ServiceMonitor = object(
  'monitoring.coreos.com/v1',
  'ServiceMonitor',
  z.strictObject({
    selector: Selector,
    endpoints: z.array(z.strictObject({ port: Name, interval: z.string() })),
  }),
);
const PrometheusRule = object(
  'monitoring.coreos.com/v1',
  'PrometheusRule',
  z.strictObject({ groups: z.array(z.unknown()).min(1) }),
);

/** A whole object of a base or an overlay. */
export const Manifest = z.discriminatedUnion('kind', [
  Deployment,
  Job,
  Service,
  DisruptionBudget,
  Autoscaler,
  NetworkPolicy,
  ServiceMonitor,
  PrometheusRule,
]);
export type Manifest = z.infer<typeof Manifest>;

/** What an overlay changes in a deployment. */
export const SettingsPatch = object(
  'apps/v1',
  'Deployment',
  z.strictObject({
    template: z.strictObject({
      spec: z.strictObject({
        containers: z.tuple([z.strictObject({ name: Name, env: Environment })]),
      }),
    }),
  }),
);

export const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: Name.optional(),
  nameSuffix: z.string().optional(),
  resources: z.array(z.string()),
  configMapGenerator: z
    .array(z.strictObject({ name: Name, files: z.array(z.string()) }))
    .optional(),
  labels: z.array(z.strictObject({ pairs: Labels, includeTemplates: z.literal(true) })).optional(),
  images: z
    .array(
      z.strictObject({
        name: Name,
        newName: z.string(),
        newTag: z.string().regex(/^\d+\.\d+\.\d+$/),
      }),
    )
    .optional(),
  patches: z.array(z.strictObject({ path: z.string() })).optional(),
});
