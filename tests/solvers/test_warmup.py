from kernelstab.solvers import warmup


def test_every_loop_is_run_and_reported():
    seen = []
    seconds = warmup(lambda *step: seen.append(step))
    assert [name for _, _, name in seen] == list(seconds)
    assert [done for done, _, _ in seen] == list(range(1, len(seconds) + 1))
    assert {total for _, total, _ in seen} == {len(seconds)}
    assert all(t >= 0 for t in seconds.values())
