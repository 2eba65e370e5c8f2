"""A search by Optuna over trainings in PyTorch, for `npm run bench`: `optuna_search.py threads|processes JOBS`.

Reads `trials epochs points validation lr_low lr_high hidden_low hidden_high seed` from stdin, answers milliseconds and an
outcome. JOBS trials run at a time, in threads or in processes of their own, which are there before the clock starts; the
machine's cores are shared out among them. Validation points are looked at about 50 times a training, as often as ours
report, and the training's own metrics not at all; ours have all four of every epoch: the peer does less.
"""

import multiprocessing
import os
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, wait

try:
    import numpy
    import optuna
    import torch
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
except ImportError as error:
    print(f"missing {error}", flush=True)
    sys.exit(0)

KIND = sys.argv[1]
JOBS = int(sys.argv[2])
THREADS = max(1, int(os.environ.get("OMP_NUM_THREADS", "1")))
REPORTS = 50

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def points(size, generator):
    rows = generator.random((size, 2), dtype=numpy.float32)
    labels = (rows.round().sum(1, keepdims=True) % 2).astype(numpy.float32)
    return torch.from_numpy(rows), torch.from_numpy(labels)


def train(rate, hidden, epochs, data, seed):
    """The accuracy on the validation points after the last epoch."""
    (inputs, labels), (judged, judged_labels) = data
    # Not torch.manual_seed, which trials in threads would share.
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(2, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1))
    with torch.no_grad():
        for layer in (model[0], model[2]):
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
    criterion = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    between = -(-epochs // REPORTS)
    accuracy = 0.0
    for epoch in range(1, epochs + 1):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        if epoch % between == 0 or epoch == epochs:
            with torch.no_grad():
                logits = model(judged)
                criterion(logits, judged_labels).item()
                accuracy = ((logits > 0) == (judged_labels > 0.5)).float().mean().item()
    return accuracy


def make_sampler(seed):
    return optuna.samplers.TPESampler(multivariate=True, constant_liar=True, seed=seed)


def make_objective(epochs, size, validation, rates, units, seed):
    generator = numpy.random.default_rng(seed)
    data = (points(size, generator), points(validation, generator))

    def objective(trial):
        rate = trial.suggest_float("learning_rate", *rates, log=True)
        hidden = trial.suggest_int("hidden", *units)
        return train(rate, hidden, epochs, data, seed)

    return objective


def begin():
    torch.set_num_threads(THREADS)
    # The first step of a process loads much of torch.
    data = points(8, numpy.random.default_rng(0))
    train(0.01, 2, 2, (data, data), 0)


def help_out(path, trials, seed, arguments):
    """A share of a study's trials, in a process of its own."""
    study = optuna.load_study(
        study_name="bench", storage=JournalStorage(JournalFileBackend(path)), sampler=make_sampler(seed)
    )
    study.optimize(make_objective(*arguments), n_trials=trials)


def search(trials, seed, arguments, pool):
    started = time.perf_counter()
    if pool is None:
        study = optuna.create_study(direction="maximize", sampler=make_sampler(seed))
        study.optimize(make_objective(*arguments), n_trials=trials, n_jobs=JOBS)
        best = study.best_value
    else:
        with tempfile.TemporaryDirectory(prefix="xorflow-bench-") as folder:
            path = os.path.join(folder, "journal")
            storage = JournalStorage(JournalFileBackend(path))
            study = optuna.create_study(study_name="bench", direction="maximize", storage=storage)
            shares = [trials // JOBS + (job < trials % JOBS) for job in range(JOBS)]
            # Two samplers of one seed would suggest the same things.
            helpers = [pool.submit(help_out, path, share, seed + job, arguments) for job, share in enumerate(shares)]
            wait(helpers)
            for helper in helpers:
                helper.result()
            best = study.best_value
    return (time.perf_counter() - started) * 1000, best


def main():
    begin()
    pool = None
    if KIND == "processes":
        pool = ProcessPoolExecutor(JOBS, mp_context=multiprocessing.get_context("spawn"), initializer=begin)
        wait([pool.submit(time.sleep, 0.2) for _ in range(JOBS)])
    print(f"ready optuna {optuna.__version__}, torch {torch.__version__}, {JOBS} {KIND} of {THREADS} threads", flush=True)
    for line in sys.stdin:
        trials, epochs, size, validation, low, high, least, most, seed = line.split()
        arguments = (
            int(epochs),
            int(size),
            int(validation),
            (float(low), float(high)),
            (int(least), int(most)),
            int(seed),
        )
        took, best = search(int(trials), int(seed), arguments, pool)
        print(f"{took:.3f} best {best:.4f}", flush=True)


if __name__ == "__main__":
    main()
