"""Prints what Optuna's fANOVA makes of a search: stdin has its trials and parameters as JSON."""

import json
import sys

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

optuna.logging.set_verbosity(optuna.logging.ERROR)


def distribution_of(parameter):
    if parameter["kind"] == "levels":
        return CategoricalDistribution(parameter["values"])
    values = [float(value) for value in parameter["values"]]
    return FloatDistribution(min(values), max(values), log=parameter["kind"] == "log")


given = json.load(sys.stdin)
distributions = {parameter["name"]: distribution_of(parameter) for parameter in given["parameters"]}
kinds = {parameter["name"]: parameter["kind"] for parameter in given["parameters"]}
study = optuna.create_study()
for trial in given["trials"]:
    params = {
        name: text if kinds[name] == "levels" else float(text) for name, text in trial["assignments"].items()
    }
    study.add_trial(
        optuna.trial.create_trial(params=params, distributions=distributions, value=trial["value"])
    )
print(json.dumps(get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))))
