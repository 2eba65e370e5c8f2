/** A JobSink, the SinkBinding of its Jobs and a Trigger that leads to it, beside whatever the base has of them. */
export const JOB_YAML = `apiVersion: sinks.knative.dev/v1alpha1
kind: JobSink
metadata:
  name: sample
spec:
  job:
    metadata:
      labels:
        xorflow.dev/sample: job
    spec:
      backoffLimit: 1
      activeDeadlineSeconds: 3600
      ttlSecondsAfterFinished: 600
      template:
        metadata:
          labels:
            app.kubernetes.io/part-of: xorflow
        spec:
          restartPolicy: Never
          serviceAccountName: functions
          automountServiceAccountToken: false
          containers:
            - name: function
              image: xorflow
              command: [node, functions/train/index.ts]
              env:
                - name: XORFLOW_STORE
                  valueFrom:
                    secretKeyRef:
                      name: xorflow-store
                      key: url
              securityContext:
                runAsNonRoot: true
                runAsUser: 65532
                runAsGroup: 65532
                readOnlyRootFilesystem: true
                allowPrivilegeEscalation: false
                capabilities:
                  drop: [ALL]
                seccompProfile:
                  type: RuntimeDefault
---
apiVersion: sources.knative.dev/v1
kind: SinkBinding
metadata:
  name: sample
spec:
  subject:
    apiVersion: batch/v1
    kind: Job
    selector:
      matchLabels:
        xorflow.dev/sample: job
  sink:
    ref:
      apiVersion: eventing.knative.dev/v1
      kind: Broker
      name: default
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: sample
  labels:
    xorflow.dev/subscriber: job
spec:
  broker: default
  filter:
    attributes:
      type: training.requested
  subscriber:
    ref:
      apiVersion: sinks.knative.dev/v1alpha1
      kind: JobSink
      name: sample
  delivery:
    retry: 5
    backoffPolicy: exponential
    backoffDelay: PT0.5S
    timeout: PT30S
`;
