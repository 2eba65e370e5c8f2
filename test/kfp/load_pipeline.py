"""Loads a pipeline with the SDK of Kubeflow Pipelines, strictly, and prints what it saw as JSON."""

import json
import sys

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

text = open(sys.argv[1], encoding="utf-8").read()
component = components.load_component_from_text(text)
pipeline, platform = yaml.safe_load_all(text)

# ParseDict refuses a field that the proto does not have.
parsed = json_format.ParseDict(pipeline, pipeline_spec_pb2.PipelineSpec())
deployment = json_format.ParseDict(pipeline["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
for executor in executors.values():
    json_format.ParseDict(executor, kubernetes_executor_config_pb2.KubernetesExecutorConfig())


def plain(value):
    """Without empty maps, and with numbers as JSON has them: the protos keep neither apart."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item != {}}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return value


again = json_format.MessageToDict(parsed)
print(
    json.dumps(
        {
            "name": component.name,
            "executors": sorted(deployment.executors),
            "same": plain(again) == plain(pipeline),
        }
    )
)
