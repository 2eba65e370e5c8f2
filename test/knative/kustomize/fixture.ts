/** Kustomizations that use all of kustomize that is honoured: a base, two components and an overlay. */
export const FILES: Readonly<Record<string, string>> = {
  'base/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources: [all.yaml]
`,
  'base/all.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: any
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: default
  labels:
    tier: events
  annotations:
    a: b
spec: {}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: till
spec:
  template:
    metadata:
      labels:
        role: till
    spec:
      containers:
        - image: shop:9
          env:
            - name: A
              value: "1"
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: till
spec:
  broker: default
  filter:
    attributes:
      type: a
      extra: b
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: mine
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: mine
subjects:
  - { kind: ServiceAccount, name: default }
  - { kind: ServiceAccount, name: other, namespace: elsewhere }
  - { kind: ServiceAccount, name: mine }
  - { kind: User, name: me }
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: mine
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: wide
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get]
`,
  'components/kafka/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configMapGenerator:
  - name: kafka
    literals: [bootstrap.servers=kafka:9092, 'topic.partitions="3"']
    options:
      disableNameSuffixHash: true
      labels:
        from: generator
patches:
  - patch: |
      - op: add
        path: /metadata/annotations/eventing.knative.dev~1broker.class
        value: Kafka
      - op: test
        path: /metadata/annotations/a
        value: b
      - op: add
        path: /spec/config
        value: { apiVersion: v1, kind: ConfigMap, name: kafka }
    target:
      kind: Broker
      name: default
`,
  'components/redis/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [redis.yaml]
secretGenerator:
  - name: store
    literals: [url=redis://redis:6379]
    files: [redis.conf, other=redis.conf]
    envs: [redis.env]
    options:
      disableNameSuffixHash: true
`,
  'components/redis/redis.env': '# a comment\npassword=a=b\n\nempty=\n',
  'components/redis/redis.conf': 'appendonly yes\n',
  'components/redis/redis.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: redis
spec:
  replicas: 1
  selector:
    matchLabels:
      app: redis
  template:
    metadata:
      labels:
        app: redis
    spec:
      initContainers:
        - name: init
          image: registry:5000/redis@sha256:0123456789012345678901234567890123456789012345678901234567890123
      containers:
        - name: redis
          image: redis
          args: [a, b]
          env:
            - name: A
              value: "1"
            - name: Z
              value: "26"
          ports:
            - containerPort: 6379
          volumeMounts:
            - name: data
              mountPath: /data
      volumes:
        - name: gone
          emptyDir: {}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes: [ReadWriteOnce]
`,
  'overlay/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: market
resources: [../base, policy.yaml]
components: [../components/kafka, ../components/redis]
replacements:
  - source:
      kind: Broker
      fieldPath: metadata.namespace
    targets:
      - select: { kind: NetworkPolicy }
        fieldPaths: [metadata.namespace]
      - select: { version: v1, kind: Service, name: till }
        fieldPaths: [metadata.annotations.where, metadata.namespace]
        options: { create: true }
  - source: { version: v1, kind: Service, name: till, fieldPath: spec.template.spec.containers.0.env.0.name }
    targets:
      - select: { kind: StatefulSet }
        fieldPaths: ["metadata.annotations.[example.com/first]", spec.template.spec.containers.0.workingDir]
        options: { create: true }
labels:
  - pairs:
      app.kubernetes.io/part-of: shop
    includeTemplates: true
images:
  - name: shop
    newName: registry.example:5000/shop
    newTag: "1.0"
  - name: registry:5000/redis
    newTag: "8"
  - name: redis
    digest: sha256:abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd
patches:
  - path: redis.yaml
  - path: trigger.yaml
    target:
      group: eventing.knative.dev
      kind: Trigger|Channel
      labelSelector: tier!=events
      annotationSelector: a!=b
  - target:
      kind: Service
      version: v1
      group: serving.knative.dev
      name: t.*
    patch: |
      - op: replace
        path: /spec/template/spec/containers/0/env/0/value
        value: "2"
      - op: add
        path: /spec/template/spec/containers/0/env/-
        value: { name: B, value: "3" }
      - op: remove
        path: /spec/template/metadata/labels/role
  - patch: |
      $patch: delete
      apiVersion: v1
      kind: Namespace
      metadata:
        name: any
`,
  'overlay/policy.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: in
  namespace: elsewhere
spec:
  podSelector: {}
  ingress:
    - ports: [{ port: 8080 }]
`,
  'overlay/redis.yaml': `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: redis
  annotations:
    note: patched
spec:
  replicas: null
  template:
    spec:
      containers:
        - name: side
          image: side
        - name: redis
          args: [c]
          env:
            - name: B
              value: "2"
            - name: A
              value: "9"
            - name: Z
              $patch: delete
          ports:
            - containerPort: 1
      volumes:
        - name: gone
          $patch: delete
        - name: more
          emptyDir: {}
`,
  'overlay/trigger.yaml': `apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: whatever
spec:
  filter:
    attributes:
      $patch: replace
      type: z
`,
};
