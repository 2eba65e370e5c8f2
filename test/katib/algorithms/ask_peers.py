"""Asks the libraries behind Katib's services what they suggest, the way these services ask them.

Reads a list of questions as JSON from stdin, and writes the list of answers to stdout. A question has `library`
("hyperopt" or "optuna") and the `parameters` of a search, and either
- `history` ({assignments, value}, the value null while it is running) and `repeats`: the answer is that many suggestions
  for the next trial, each with another seed;
- or `function`, `trials` and `seeds`: the answer is the least value of a whole search, three trials at a time, per seed.
"""

import json
import math
import sys

import hyperopt
import numpy
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
BATCH = 3


def branin(x):
    inner = x[1] - 5.1 / (4 * math.pi**2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return inner**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def hartmann6(x):
    heights = numpy.array([1, 1.2, 3, 3.2])
    narrow = numpy.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
    at = numpy.array(
        [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ]
    )
    return -float(heights @ numpy.exp(-(narrow * (numpy.array(x) - at) ** 2).sum(axis=1)))


FUNCTIONS = {"Branin": branin, "Rosenbrock": rosenbrock, "Hartmann in six dimensions": hartmann6}


class Hyperopt:
    """One search with hyperopt's TPE, or its random search where `is_random`."""

    def __init__(self, parameters, is_random=False):
        self.parameters = parameters
        self.is_random = is_random
        self.trials = hyperopt.Trials()
        self.domain = hyperopt.Domain(None, {p["name"]: self.space(p) for p in parameters})

    @staticmethod
    def space(parameter):
        name = parameter["name"]
        if "list" in parameter:
            return hyperopt.hp.choice(name, parameter["list"])
        low, high = parameter["min"], parameter["max"]
        step = parameter.get("step") or (1 if parameter["type"] == "int" else None)
        if parameter["distribution"].startswith("log"):
            low, high = math.log(low), math.log(high)
        is_normal = parameter["distribution"].lower().endswith("normal")
        ends = ((low + high) / 2, (high - low) / 6) if is_normal else (low, high)
        kind = ("q" if step else "") + parameter["distribution"].lower()
        return getattr(hyperopt.hp, kind)(name, *ends, *([step] if step else []))

    def tell(self, assignments, value):
        if value is None:
            return
        tid = self.trials.new_trial_ids(1)[0]
        vals = {p["name"]: [p["list"].index(assignments[p["name"]]) if "list" in p else float(assignments[p["name"]])] for p in self.parameters}
        misc = {"tid": tid, "cmd": self.domain.cmd, "workdir": None, "idxs": {name: [tid] for name in vals}, "vals": vals}
        docs = self.trials.new_trial_docs([tid], [None], [{"loss": value, "status": hyperopt.STATUS_OK}], [misc])
        docs[0]["state"] = hyperopt.JOB_STATE_DONE
        self.trials.insert_trial_docs(docs)
        self.trials.refresh()

    def ask(self, seed, startup=1):
        ids = [len(self.trials.trials) + 1]
        if self.is_random:
            document = hyperopt.rand.suggest(ids, self.domain, self.trials, seed)[0]
        else:
            document = hyperopt.tpe.suggest(ids, self.domain, self.trials, seed, n_startup_jobs=startup, verbose=False)[0]
        vals = document["misc"]["vals"]
        return {p["name"]: p["list"][vals[p["name"]][0]] if "list" in p else float(vals[p["name"]][0]) for p in self.parameters}


class Optuna:
    """One search with Optuna's TPESampler as Katib makes it for multivariate-tpe."""

    def __init__(self, parameters):
        self.study = optuna.create_study(sampler=self.sampler(0))
        self.space = {p["name"]: self.distribution(p) for p in parameters}

    @staticmethod
    def sampler(seed):
        return optuna.samplers.TPESampler(multivariate=True, constant_liar=True, seed=seed)

    @staticmethod
    def distribution(parameter):
        if "list" in parameter:
            return optuna.distributions.CategoricalDistribution(parameter["list"])
        low, high, is_log = parameter["min"], parameter["max"], parameter["distribution"] == "logUniform"
        if parameter["type"] == "int":
            return optuna.distributions.IntDistribution(int(low), int(high), log=is_log, step=1 if is_log else int(parameter.get("step") or 1))
        return optuna.distributions.FloatDistribution(low, high, log=is_log, step=None if is_log else parameter.get("step"))

    def tell(self, assignments, value):
        state = optuna.trial.TrialState.RUNNING if value is None else optuna.trial.TrialState.COMPLETE
        params = {
            name: assignments[name] if isinstance(d, optuna.distributions.CategoricalDistribution) else type(d.low)(float(assignments[name]))
            for name, d in self.space.items()
        }
        self.study.add_trial(optuna.trial.create_trial(state=state, value=value, params=params, distributions=self.space))

    def ask(self, seed):
        self.study.sampler = self.sampler(seed)
        trial = self.study.ask(fixed_distributions=self.space)
        return trial


def suggestions(question):
    parameters, history = question["parameters"], question["history"]
    if question["library"] == "optuna":
        search = Optuna(parameters)
        for trial in history:
            search.tell(**trial)
        answers = []
        for seed in range(question["repeats"]):
            trial = search.ask(seed)
            answers.append(trial.params)
            search.study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return answers
    search = Hyperopt(parameters, question["library"] == "hyperopt-random")
    for trial in history:
        search.tell(**trial)
    return [search.ask(seed) for seed in range(question["repeats"])]


def least(question, seed):
    parameters, value_of = question["parameters"], FUNCTIONS[question["function"]]
    values = []
    if question["library"] == "optuna":
        study = optuna.create_study(sampler=Optuna.sampler(seed))
        space = {p["name"]: Optuna.distribution(p) for p in parameters}
        while len(values) < question["trials"]:
            batch = [study.ask(fixed_distributions=space) for _ in range(BATCH)]
            for trial in batch:
                values.append(value_of(list(trial.params[p["name"]] for p in parameters)))
                study.tell(trial, values[-1])
        return min(values)
    search = Hyperopt(parameters)
    random = numpy.random.RandomState(seed)
    while len(values) < question["trials"]:
        batch = [search.ask(random.randint(2**31 - 1), startup=BATCH) for _ in range(BATCH)]
        for assignments in batch:
            values.append(value_of([assignments[p["name"]] for p in parameters]))
            search.tell(assignments, values[-1])
    return min(values)


def answer(question):
    if "function" in question:
        return [least(question, seed) for seed in range(question["seeds"])]
    return suggestions(question)


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
