"""Calls the service with the stubs that Katib's own Python SDK has, and prints as JSON what came of it.

Arguments: the port, and our .proto files.
"""

import importlib.metadata
import json
import os
import sys
import tempfile
import types

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_tools import protoc

# Importing the SDK as a whole would need the Kubernetes client and more.
for name in ("kubeflow", "kubeflow.katib"):
    package = types.ModuleType(name)
    package.__path__ = [str(importlib.metadata.distribution("kubeflow-katib").locate_file(name.replace(".", "/")))]
    sys.modules[name] = package

from kubeflow.katib import katib_api_pb2 as api  # noqa: E402
from kubeflow.katib import katib_api_pb2_grpc as stubs  # noqa: E402


def parts_of(file):
    """Each field of a file's messages, value of its enums and method of its services, by its full name."""
    for service in file.services_by_name.values():
        for method in service.methods:
            yield method.full_name, [method.input_type.full_name, method.output_type.full_name]
    yield from enums_of(file.enum_types_by_name.values())
    yield from fields_of(file.message_types_by_name.values())


def fields_of(messages):
    for message in messages:
        for field in message.fields:
            kind = field.message_type or field.enum_type
            yield field.full_name, [field.number, kind.full_name if kind else field.type, field.is_repeated]
        yield from enums_of(message.enum_types)
        yield from fields_of(message.nested_types)


def enums_of(enums):
    for enum in enums:
        for value in enum.values:
            yield f"{enum.full_name}.{value.name}", [value.number]


def compile_protos(paths):
    """Their descriptors, in a pool of their own: names are taken in the one of the stubs."""
    pool = descriptor_pool.DescriptorPool()
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "set")
        folders = {f"-I{os.path.dirname(path)}" for path in paths}
        if protoc.main(["protoc", *folders, f"--descriptor_set_out={out}", *paths]) != 0:
            sys.exit("protoc does not take our files")
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    for file in files:
        pool.Add(file)
    return [pool.FindFileByName(file.name) for file in files]


theirs = {**dict(parts_of(api.DESCRIPTOR)), **dict(parts_of(health_pb2.DESCRIPTOR))}
ours = {name: part for file in compile_protos(sys.argv[2:]) for name, part in parts_of(file)}
different = {name: [part, theirs.get(name)] for name, part in ours.items() if theirs.get(name) != part}

experiment = api.Experiment(
    name="xor",
    spec=api.ExperimentSpec(
        parameter_specs=api.ExperimentSpec.ParameterSpecs(
            parameters=[
                api.ParameterSpec(
                    name="lr",
                    parameter_type=api.DOUBLE,
                    feasible_space=api.FeasibleSpace(min="0.001", max="1", distribution=api.LOG_UNIFORM),
                ),
                api.ParameterSpec(
                    name="momentum",
                    parameter_type=api.DOUBLE,
                    feasible_space=api.FeasibleSpace(min="0", max="0.9", step="0.1", distribution=api.NORMAL),
                ),
                api.ParameterSpec(
                    name="hidden",
                    parameter_type=api.INT,
                    feasible_space=api.FeasibleSpace(min="2", max="16", distribution=api.LOG_NORMAL),
                ),
                api.ParameterSpec(
                    name="batch",
                    parameter_type=api.DISCRETE,
                    feasible_space=api.FeasibleSpace(list=["16", "32"], distribution=api.UNIFORM),
                ),
                api.ParameterSpec(
                    name="activation",
                    parameter_type=api.CATEGORICAL,
                    feasible_space=api.FeasibleSpace(list=["tanh", "relu"]),
                ),
            ]
        ),
        objective=api.ObjectiveSpec(
            type=api.MINIMIZE, goal=0.01, objective_metric_name="loss", additional_metric_names=["accuracy"]
        ),
        algorithm=api.AlgorithmSpec(
            algorithm_name="xorflow-recording",
            algorithm_settings=[api.AlgorithmSetting(name="random_state", value="7")],
        ),
        early_stopping=api.EarlyStoppingSpec(
            algorithm_name="medianstop",
            algorithm_settings=[api.EarlyStoppingSetting(name="start_step", value="3")],
        ),
        parallel_trial_count=4,
        max_trial_count=20,
    ),
)


def trial_of(assignments, condition, value):
    return api.Trial(
        name=assignments.trial_name,
        spec=api.TrialSpec(
            objective=experiment.spec.objective,
            parameter_assignments=api.TrialSpec.ParameterAssignments(assignments=assignments.assignments),
            labels={"of": "nobody"},
        ),
        status=api.TrialStatus(
            start_time="2026-11-23T10:00:01Z",
            completion_time="2026-11-23T10:00:09Z",
            condition=condition,
            observation=api.Observation(
                metrics=[api.Metric(name="accuracy", value="0.9"), api.Metric(name="loss", value=value)]
            ),
        ),
    )


with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
    suggestion = stubs.SuggestionStub(channel)
    suggestion.ValidateAlgorithmSettings(api.ValidateAlgorithmSettingsRequest(experiment=experiment))
    first = suggestion.GetSuggestions(
        api.GetSuggestionsRequest(experiment=experiment, current_request_number=7, total_request_number=7)
    )
    settings = experiment.spec.algorithm.algorithm_settings
    settings.extend(first.algorithm.algorithm_settings)
    states = api.TrialStatus
    conditions = [
        (states.CREATED, ""),
        (states.RUNNING, ""),
        (states.SUCCEEDED, "0.25"),
        (states.KILLED, ""),
        (states.FAILED, "0.125"),
        (states.EARLYSTOPPED, "1e-1"),
        (states.UNKNOWN, "0.5"),
    ]
    trials = [
        trial_of(assignments, condition, value)
        for assignments, (condition, value) in zip(first.parameter_assignments, conditions)
    ]
    second = suggestion.GetSuggestions(
        api.GetSuggestionsRequest(experiment=experiment, trials=trials, current_request_number=2, total_request_number=9)
    )
    refusals = []
    experiment.spec.algorithm.algorithm_name = "nobody's"
    for method, request in (
        (suggestion.ValidateAlgorithmSettings, api.ValidateAlgorithmSettingsRequest(experiment=experiment)),
        (suggestion.GetSuggestions, api.GetSuggestionsRequest(experiment=experiment, current_request_number=1)),
        (stubs.EarlyStoppingStub(channel).SetTrialStatus, api.SetTrialStatusRequest(trial_name="xor")),
    ):
        try:
            method(request)
        except grpc.RpcError as error:
            refusals.append([error.code().name, error.details()])
    health = health_pb2_grpc.HealthStub(channel).Check(
        health_pb2.HealthCheckRequest(service="manager.v1beta1.Suggestion")
    )

print(
    json.dumps(
        {
            "parts": len(ours),
            "different": different,
            "first": json_format.MessageToDict(first),
            "second": json_format.MessageToDict(second),
            "refusals": refusals,
            "health": health_pb2.HealthCheckResponse.ServingStatus.Name(health.status),
        }
    )
)
