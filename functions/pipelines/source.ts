/** The source of every event that a run of Kubeflow Pipelines posts: it says that a run stands behind the event already. */
export const SOURCE = '/kubeflow/pipelines';
