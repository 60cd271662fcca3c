"""The spark: closed forms, brute force over the rationals, floating-point readings, budgets."""

import warnings
from itertools import combinations
from math import comb, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.linalg import hadamard

from kernelstab._engines.supports import dependent_sets as sweeps
from kernelstab._engines.supports.dependent_sets import reduced
from kernelstab._engines.supports.dependent_sets_jit import dependent_sets
from kernelstab._errors import UnclearRank
from kernelstab.certify import exact_nullspace, verify
from kernelstab.kernel import spark


def exact_rank(rows):
    return len(rows[0]) - len(exact_nullspace(rows))


def brute(A):
    """Return the size of the smallest dependent set by the exact rank of every set."""
    n = A.shape[1]
    for k in range(1, n + 1):
        if any(exact_rank(A[:, list(S)]) < k for S in combinations(range(n), k)):
            return k
    return inf


def kernel_vector(result, n):
    """Return the witness as integer vectors, real and imaginary part."""
    parts = np.zeros((2, n), dtype=object)
    for j, entry in zip(result.support, result.kernel_vector):
        parts[:, j] = entry if isinstance(entry, tuple) else (entry, 0)
    return parts


@pytest.mark.parametrize(("m", "value"), [(2, 3), (4, 4), (8, 6)])
def test_identity_and_hadamard(m, value):
    # two columns of H agree on half the rows: h1 + h2 is twice a sum of m/2 unit vectors, 2 + m/2 columns
    A = np.hstack([np.eye(m), hadamard(m)])
    result = spark(A)
    assert (result.lower, result.upper, result.exact) == (value, value, True)
    assert len(result.support) == value
    assert not (A.astype(int).astype(object) @ kernel_vector(result, 2 * m)[0]).any()
    assert all(result.kernel_vector)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_brute_force(m, n, seed):
    # entries -1, 0, 1 make many dependences, halves make fractions
    A = np.random.default_rng(seed).integers(-2, 3, (m, n)) / 2
    if not A.any():
        A[0, 0] = 1.0
    result = spark(A, threads=1)
    assert result.lower == result.upper == brute(A)
    if result.support:
        assert exact_rank(A[:, list(result.support)]) == len(result.support) - 1
        assert not ((2 * A).astype(int).astype(object) @ kernel_vector(result, n)[0]).any()
    # the same numbers as complex ones, and times a unit
    assert spark(A + 0j).upper == spark(1j * A).upper == result.upper
    # small multiples of 1/2 have exact pivots, or ones far from zero
    assert spark(A, arithmetic="float").upper == result.upper


@pytest.mark.parametrize("prefix", [(), (1,), (0, 3)])
@pytest.mark.parametrize("p", [13, 2147483629])
def test_the_compiled_loop_finds_every_dependent_set(p, prefix):
    # the first upper bound is mostly the spark, so that a sweep that misses sets would not show elsewhere
    rng = np.random.default_rng(len(prefix))
    for _ in range(8):
        table = reduced(rng.integers(-1, 2, (4, 8)), p)[0]
        for size in range(len(prefix) + 2, len(table) + 1):
            found, sizes = np.zeros((256, size), dtype=np.int64), np.zeros(256, dtype=np.int64)
            inverse = np.uint64(-pow(p, -1, 2**32) % 2**32)
            count = dependent_sets(table.astype(np.uint64), np.uint64(p), inverse,
                                   np.array(prefix, dtype=np.int64), size, found, sizes)
            flagged = [set(found[i, :sizes[i]].tolist()) for i in range(count)]
            for S in flagged:
                assert len(reduced(table[:, sorted(S)], p)[1]) < len(S)
            for S in combinations(range(8), size):
                if S[:len(prefix)] == prefix and len(reduced(table[:, list(S)], p)[1]) < size:
                    assert any(part <= set(S) for part in flagged)


def test_the_float_loop_finds_every_dependent_set():
    rng = np.random.default_rng(9)
    for _ in range(8):
        A = rng.integers(-1, 2, (4, 7)) + 1j * rng.integers(-1, 2, (4, 7))
        A[0] += ~A.any(axis=0)                                # no zero columns
        search = sweeps.FloatSweeps(A, 1e-10, None, 10**6, 1, None)
        for size in range(2, 5):
            flagged = [set(S) for S in search.explore((), size)[0]]
            for S in combinations(range(7), size):
                assert any(part <= set(S) for part in flagged) == (np.linalg.matrix_rank(A[:, S]) < size)


def test_complex_dependence():
    # column 2 is (1 + 2i) column 0 - i column 1; no two of the columns are parallel over the complex numbers
    A = np.array([[1, 2 + 1j, 0], [1j, 1, 0], [3, 1 - 1j, 0], [0, 1, 0]], dtype=complex)
    A[:, 2] = (1 + 2j) * A[:, 0] - 1j * A[:, 1]
    result = spark(A)
    assert (result.upper, result.support, result.exact) == (3, (0, 1, 2), True)
    re, im = kernel_vector(result, 3)
    assert not (A @ (re.astype(float) + 1j * im.astype(float))).any()
    assert verify(result.certificate()).ok
    # parallel by the factor i
    assert spark([[1, 1j], [2, 2j]]).upper == 2


def test_floats_are_rationals():
    # 0.1 + 0.2 is not 0.3: exactly independent, dependent to a reader of 10 digits
    A = [[0.1 + 0.2, 0.3], [1.0, 1.0]]
    assert (spark(A).lower, spark(A).support) == (inf, ())
    reading = spark(A, arithmetic="float")
    assert (reading.lower, reading.upper, reading.support) == (2, 2, (0, 1))
    assert reading.gap[0] < 1e-15
    np.testing.assert_allclose(abs(reading.kernel_vector), 0.5**0.5)


def test_dependences_on_paper_only():
    # rows 0, 2 and 4 of the cosine transform of length 6 take the same values at columns j and 5 - j
    A = dct(np.eye(6), axis=0, norm="ortho")[[0, 2, 4]]
    # rows scaled by irrational factors: sets of three columns among the first three stay independent
    result = spark(A * np.array([[1.0], [np.pi], [np.e]]), arithmetic="float")
    assert (result.lower, result.upper, len(result.support)) == (2, 2, 2)
    assert result.support[0] + result.support[1] == 5


def test_unclear_rank_gives_both_readings():
    # columns at an angle of 1e-10 and of order one to the third: 2 or 3 in the plane
    A = np.array([[1.0, 1.0, 0.0], [0.0, 1e-10, 1.0]])
    with pytest.warns(UnclearRank, match="the spark is 2 if .* and 3 if"):
        result = spark(A, arithmetic="float", tol=1e-10)
    assert (result.lower, result.upper, result.exact, len(result.support)) == (2, 3, False, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert spark(A, arithmetic="float", tol=1e-6).upper == 2
        assert spark(A, arithmetic="float", tol=1e-14).lower == 3


def test_more_columns_than_rows_are_dependent():
    # svd of a 2 x 4 matrix returns two values, neither zero
    result = spark(np.array([[1.0, 2.0, 3.0, 5.0], [1.0, -1.0, 4.0, 2.0]]))
    assert result.upper == result.lower == 3
    assert spark(np.ones((1, 4))).support == (0, 1)


def test_zero_columns_and_low_rank():
    A = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
    assert (spark(A).upper, spark(A).support, spark(A).kernel_vector) == (1, (1,), (1,))
    assert spark(A, arithmetic="float").upper == 1
    # rank 2 in four rows: spark at most 3
    rng = np.random.default_rng(3)
    B = rng.integers(-9, 10, (4, 2)) @ rng.integers(-9, 10, (2, 6)).astype(float)
    assert spark(B).upper == brute(B) <= 3


def test_a_minor_that_the_first_prime_divides():
    # modulo p = 2147483629 the three columns are dependent (p = 0), over the rationals they are not
    p = 2147483629.0
    A = np.array([[1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 3.0], [0.0, 0.0, p, 7.0]])
    result = spark(A)
    assert (result.lower, result.upper) == (4, 4) == (brute(A),) * 2
    # p in every entry of a row: its columns vanish modulo p, all pieces go on to the next prime
    assert spark(np.array([[p, 2 * p, 5 * p], [p, -p, 3 * p]])).upper == 3


def test_what_continues_an_accidental_dependence_is_searched_again():
    # modulo p columns 0 and 1 agree; column 3 is 0 + 1 + 2, the only true dependence of four
    p = 2147483629.0
    A = np.array([[1.0, 1, 0, 2, 0], [0, p, 0, p, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]])
    search = sweeps.ExactSweeps(A, None, 10**6, 1, None)
    search.upper = 5
    assert search.decide((), 4, search.explore((), 4))
    assert search.support == (0, 1, 2, 3)


def test_budget_and_interruption_leave_true_bounds():
    A = np.random.default_rng(0).standard_normal((8, 16))
    assert spark(A).upper == spark(A, max_supports=comb(16, 8)).lower == 9
    # C(16, 3) = 560 sets of three: all independent, sets of four are beyond the budget
    short = spark(A, max_supports=600)
    assert (short.lower, short.upper, short.exact, short.interrupted) == (4, 9, False, False)
    assert "between 4 and 9" in repr(short)

    def stop(done, total, note):
        # the coherence says 3 before the search
        assert (total, note) == (comb(16, 8), "3 <= spark <= 9")
        raise KeyboardInterrupt

    stopped = spark(A, progress=stop)
    assert (stopped.lower, stopped.upper, stopped.interrupted, stopped.exact) == (3, 9, True, False)


def test_threads_do_not_change_the_answer(monkeypatch):
    monkeypatch.setattr(sweeps, "_PIECE", 50)
    A = np.random.default_rng(1).integers(-1, 2, (7, 14)).astype(float)
    one, three = spark(A, threads=1), spark(A, threads=3)
    for name in ("lower", "upper", "support", "kernel_vector", "evaluated"):
        assert getattr(one, name) == getattr(three, name)
    assert one.upper == brute(A)


def test_certificate(tmp_path):
    A = np.random.default_rng(2).standard_normal((4, 8))
    certificate = spark(A).certificate(tmp_path / "spark.json")
    assert [entry["value"] for entry in certificate["statements"]] == ["5e0", "5e0"]
    assert verify(tmp_path / "spark.json").ok
    # trivial kernel: larger than the number of columns
    assert [entry["value"] for entry in spark(A[:, :3]).certificate()["statements"]] == ["4e0"]
    # a zero column: nothing to prove from below
    assert [entry["side"] for entry in spark([[1.0, 0.0]]).certificate()["statements"]] == ["upper"]
    with pytest.raises(ValueError, match="use arithmetic='exact'"):
        spark(A, arithmetic="float").certificate()


def test_a_certificate_within_the_reach_of_the_verifier(monkeypatch):
    # of 56 triples and 28 pairs the verifier takes on the pairs only
    monkeypatch.setattr("kernelstab.certify.constants.dependence.MOST_SETS", 30)
    A = np.random.default_rng(2).standard_normal((3, 8))
    assert [entry["value"] for entry in spark(A).certificate()["statements"]] == ["3e0", "4e0"]


def test_bad_input():
    with pytest.raises(ValueError, match="must be finite"):
        spark([[1.0, np.nan]])
    with pytest.raises(ValueError, match="arithmetic must be 'exact' or 'float', got 'ball'"):
        spark(np.eye(2), arithmetic="ball")
    with pytest.raises(ValueError, match="tol is for arithmetic='float', got 0.1"):
        spark(np.eye(2), tol=0.1)
    with pytest.raises(ValueError, match="tol must lie in"):
        spark(np.eye(2), arithmetic="float", tol=0.1)
    with pytest.raises(ValueError, match="max_supports must be at least 1, got 0"):
        spark(np.eye(2), max_supports=0)
