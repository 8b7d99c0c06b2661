"""How many broken rules do the tests notice? Every formula of the table is broken in each of ten ways.

    python tests/benchmarks/rule_mutations.py [--only exp] [--every 1]

A broken formula is noticed when a check of `tests/test_rules.py` fails on a sample of the operator's record: first and second
order against numerical derivatives, single precision, complex arguments. Some breaks change no number on any sample, such as the
conjugate of a real array or the transpose of a symmetric one. They are counted separately.
"""

from __future__ import annotations

import argparse
import collections
import functools
import itertools
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from operators import OPERATORS, Operator, Sample

import microgradnp as mg
from microgradnp.checking.check_grads import check_grads
from microgradnp.core.table import TABLE, Rule

NOTICED = (Exception,)


def half(share: Any) -> Any:
    """Every second entry set to 0."""
    kept = np.arange(share.size).reshape(share.shape) % 2 == 0
    return np.where(kept, share, 0)


def transposed(share: Any) -> Any:
    square = share.ndim >= 2 and share.shape[-1] == share.shape[-2]
    return np.swapaxes(share, -1, -2) if square else share


def constant(share: Any) -> Any:
    """The right numbers as a constant: second derivatives are lost."""
    return mg.Tensor(share.numpy()) if isinstance(share, mg.Tensor) else share


def one_entry(share: Any) -> Any:
    last = np.arange(share.size).reshape(share.shape) == share.size - 1
    return np.where(last, share + share / 100, share)


BREAKS: dict[str, Callable[[Any], Any]] = {
    "sign": lambda share: -share,
    "twice": lambda share: 2 * share,
    "a thousandth more": lambda share: share * 1.001,
    "transposed": transposed,
    "conjugated": lambda share: np.conjugate(share),
    "reversed along the last axis": lambda share: np.flip(share, -1) if share.ndim else share,
    "half of the entries": half,
    "zero": lambda share: share * 0,
    "one entry by a hundredth": one_entry,
    "second order lost": constant,
}


def live(sample: Sample) -> list[int]:
    return [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]


def arguments(record: Operator, sample: Sample) -> Iterator[list[Any]]:
    """The arguments unchanged, in single precision, and made complex."""
    yield list(sample.args)
    chosen = live(sample)
    if record.narrow:
        yield [a.astype(np.float32) if k in chosen else a for k, a in enumerate(sample.args)]
    if record.complex:
        random = np.random.default_rng(7)
        yield [a + 1j * random.uniform(0.4, 1.0, np.shape(a)) if k in chosen else a for k, a in enumerate(sample.args)]


def called(record: Operator, options: dict[str, Any], *args: Any) -> Any:
    return record.call(*args, **options)


def squared(record: Operator, options: dict[str, Any], *args: Any) -> Any:
    """The square of the result: the gradient that the formula receives then depends on the arguments."""
    return np.square(record.call(*args, **options))


def outcome(record: Operator, rule: Rule, position: int, change: Callable[[Any], Any]) -> str:
    """`noticed`, `survived`, or `no break`."""
    right, changed = rule.vjps, False
    original = right[0 if rule.variadic else position]

    @functools.wraps(original)  # the keywords of a rule are read from its formulas, and remembered
    def broken(*args: Any, **options: Any) -> Any:
        nonlocal changed
        share = original(*args, **options)
        if rule.variadic and args[0] != position:
            return share
        result = change(share)
        plain, other = (np.asarray(s.numpy() if isinstance(s, mg.Tensor) else s) for s in (share, result))
        needs = getattr(share, "requires_grad", False) and not getattr(result, "requires_grad", False)
        changed = changed or needs or plain.dtype != other.dtype or not np.array_equal(plain, other)
        return result

    rule.vjps = (broken,) if rule.variadic else (*right[:position], broken, *right[position + 1 :])
    try:
        for sample in record.samples(np.random.default_rng(5)):
            for args in arguments(record, sample):
                if not live(sample):
                    continue
                try:
                    check_grads(functools.partial(called, record, sample.options), args, 2, live(sample))
                    check_grads(functools.partial(squared, record, sample.options), args, 2, live(sample))
                except NOTICED:
                    if changed:
                        return "noticed"
    finally:
        rule.vjps = right
    return "survived" if changed else "no break"


def formulas() -> Iterator[tuple[Operator, Rule, int]]:
    for record in OPERATORS:
        rule = TABLE.get(record.function)
        if isinstance(rule, Rule):
            for position in range(2 if rule.variadic else len(rule.vjps)):
                if rule.variadic or rule.vjps[position] is not None:
                    yield record, rule, position


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="rules of this name")
    parser.add_argument("--every", type=int, default=1, help="take every so many mutants")
    options = parser.parse_args()
    started, counts = time.perf_counter(), collections.Counter()
    chosen = [(f, b) for f in formulas() for b in BREAKS if options.only in (None, f[0].name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for (record, rule, position), name in itertools.islice(chosen, 0, None, options.every):
            result = outcome(record, rule, position, BREAKS[name])
            counts[result] += 1
            if result == "survived":
                print(f"  {record.name}, argument {position}: {name} was not noticed", flush=True)
    broken = counts["noticed"] + counts["survived"]
    print(f"{broken} broken formulas, {counts['noticed']} noticed: {100 * counts['noticed'] / max(broken, 1):.2f} %")
    print(f"({counts['no break']} more changed no number; {time.perf_counter() - started:.0f} s)")
    raise SystemExit(counts["survived"] > 0)


if __name__ == "__main__":
    main()
