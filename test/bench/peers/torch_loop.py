"""A training loop in PyTorch, for `npm run bench`: reads trainings from stdin, answers milliseconds and an outcome."""

import os
import sys
import time

try:
    import torch
except ImportError as error:
    print(f"missing {error}", flush=True)
    sys.exit(0)

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
torch.set_num_threads(THREADS)
print(f"ready torch {torch.__version__}, {THREADS} threads", flush=True)


def points(dims, size, generator):
    rows = torch.rand(size, dims, generator=generator)
    return rows, (rows.round().sum(1, keepdim=True) % 2)


def right(logits, labels):
    return ((logits > 0) == (labels > 0.5)).float().mean()


def train(dims, epochs, size, validation, rate, seed, hidden):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    inputs, labels = points(dims, size, generator)
    judged, judged_labels = points(dims, validation, generator)
    widths = [dims, *hidden, 1]
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    criterion = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    history = torch.zeros(4, epochs)
    started = time.perf_counter()
    for epoch in range(epochs):
        optimizer.zero_grad(set_to_none=True)
        logits = model(inputs)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            history[0, epoch] = loss
            history[1, epoch] = right(logits, labels)
            logits = model(judged)
            history[2, epoch] = criterion(logits, judged_labels)
            history[3, epoch] = right(logits, judged_labels)
    took = (time.perf_counter() - started) * 1000
    return took, history[0, -1].item(), history[1, -1].item()


for line in sys.stdin:
    dims, epochs, size, validation, rate, seed, *hidden = line.split()
    took, loss, accuracy = train(
        int(dims), int(epochs), int(size), int(validation), float(rate), int(seed), [int(width) for width in hidden]
    )
    print(f"{took:.3f} loss {loss:.4f}, accuracy {accuracy:.4f}", flush=True)
