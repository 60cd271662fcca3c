"""The command line: ``kernelstab audit | constants | solve | list | show | check | verify | train | warmup``.

Exit codes: 0 done; 1 a check does not hold or a stage failed; 2 bad input or a certificate that
is refused, with one line on the error stream; 130 interrupted.
"""

import argparse
import json
import os
import sys
from contextlib import contextmanager, suppress
from functools import partial

from kernelstab import __version__
from kernelstab._errors import CertificateError
from kernelstab._files import require_writable, streams


def main(argv=None) -> int:
    """Run one command and return its exit code.

    A certificate that is not there is bad input:

    >>> main(["verify", "nowhere.json", "--json"])
    []
    2
    """
    code = 0
    with streams():
        code = _run(_parser().parse_args(argv))
    return code


def _run(arguments) -> int:
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except MemoryError as error:
        return _ended(2, f"error: not enough memory: {error}")
    except (ValueError, ImportError, OSError) as error:
        code = 1 if isinstance(error, CertificateError) else 2
        return _ended(code, f"error: {' '.join(str(error).split())}")
    except SystemExit as error:          # nothing of ours raises it after the options are read
        return _ended(2, f"error: the map ended the program (SystemExit: {error})")
    except KeyboardInterrupt:
        return _ended(130, "interrupted")


def _ended(code, words) -> int:
    """Say why a command ended, if there is anyone to say it to."""
    with suppress(OSError):
        print(f"kernelstab: {words}", file=sys.stderr, flush=True)
    return code


def _audit(arguments) -> int:
    from dataclasses import replace

    from kernelstab.report import Plan, audit
    from kernelstab.report.sections import QUICK

    plan = QUICK if arguments.quick else Plan()
    given = {"searched": arguments.images_searched, "budget": arguments.budget}
    plan = replace(plan, **{name: value for name, value in given.items() if value is not None})
    baselines = None if arguments.baselines is None else [b for b in arguments.baselines.split(",") if b]
    A, psi, images = _problem(arguments)
    with _notices(arguments):
        report = audit(A, psi, images, name=arguments.name, baselines=baselines, eta=arguments.eta,
                       eps=arguments.eps, plan=plan, out=arguments.out, progress=not arguments.quiet,
                       seed=arguments.seed)
    if arguments.json or not arguments.quiet:
        place = {"report": os.path.join(arguments.out, "report.json")}
        _print(arguments, place | report.summary(), report.text())
    if arguments.quiet and report.notice:
        print(f"kernelstab: {' '.join(report.notice.split())}", file=sys.stderr)
    if report.interrupted:
        return 130
    return 0 if report.complete else 1


def _print(arguments, plain, text):
    print(json.dumps(plain) if arguments.json else text, flush=True)


def _notices(arguments):
    """Return a context in which a notice of compilation passes the bars; with ``--quiet`` it is dropped."""
    from tqdm import tqdm

    from kernelstab._compiling_jit import said_by, silent

    return silent() if arguments.quiet else said_by(partial(tqdm.write, file=sys.stderr))


@contextmanager
def _bar(arguments):
    """Yield a bar and ``show(done, total, note)``, which moves it; None with ``--quiet``."""
    from tqdm import tqdm

    with _notices(arguments), tqdm(file=sys.stderr, disable=arguments.quiet, leave=False, delay=0.2,
                                   bar_format="{bar:24} {n_fmt}/{total_fmt} [{elapsed}] {desc}") as bar:
        def show(done, total, note):
            turned = total != bar.total or done < bar.n
            if turned:
                bar.reset(total)
            bar.set_description_str(note, refresh=turned)
            bar.update(done - bar.n)

        yield bar, None if arguments.quiet else show


def _problem(arguments):
    """Return operator, map and images as the options name them; ``None`` where they do not."""
    from kernelstab.report import read_images, read_mask, read_matrix

    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    A = arguments.operator
    if arguments.mask is not None:
        if A is not None:
            raise ValueError(f"mask and operator exclude each other, got {arguments.mask!r} and {A!r}")
        A = read_mask(arguments.mask, centred=arguments.centred)
    elif arguments.centred:
        raise ValueError("centred says how a mask is drawn, but no mask was given; try --mask FILE")
    elif A is not None and A not in ("fourier", "gaussian") and ":" not in A:
        A = read_matrix(A)
    images = None if arguments.images is None else read_images(arguments.images)
    return A, arguments.map, images


def _constants(arguments) -> int:
    from kernelstab.certify import write_certificate
    from kernelstab.report import matrix_card, read_matrix

    matrix, path = read_matrix(arguments.matrix, "matrix"), arguments.certificate
    require_writable(path, "certificate")
    order = min(3, matrix.shape[1]) if arguments.order is None else arguments.order
    with _bar(arguments) as (bar, show):
        card = matrix_card(matrix, order, normalise=arguments.normalise,
                           max_supports=arguments.max_supports, progress=show)
        bar.clear()
        _print(arguments, card.to_json(), card.text())
        proofs = None if path is None else card.proofs(show)
    if proofs is not None:
        write_certificate(proofs.collection, path)
        print(proofs.text(path), file=sys.stderr)          # never mixed with JSON
    return 130 if card.interrupted else 0


def _solve(arguments) -> int:
    import warnings

    from kernelstab._errors import NotConverged
    from kernelstab.report import solve_files

    require_writable(arguments.out, "out")
    require_writable(arguments.certificate, "certificate")
    if arguments.out is not None and arguments.certificate is not None \
            and os.path.realpath(arguments.out) == os.path.realpath(arguments.certificate):
        raise ValueError(f"out and certificate must be two files, got {arguments.out} for both")
    with _bar(arguments) as (_, show), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)      # the text and the exit code say it
        solved = solve_files(
            arguments.matrix, arguments.data, problem=arguments.problem, lam=arguments.lam, eta=arguments.eta,
            certify=arguments.certificate is not None, tol=arguments.tol, method=arguments.method,
            max_iter=arguments.max_iter, nonneg=arguments.nonneg, progress=show)
    solved.write(arguments.out, arguments.certificate)
    if arguments.json or not arguments.quiet:
        _print(arguments, solved.to_json(), solved.text())
    solution = solved.solution
    if arguments.quiet and not solution.converged:
        print(f"kernelstab: not converged: {solution!r}", file=sys.stderr)
    return 130 if solution.interrupted else 0 if solution.converged else 1


def _list(arguments) -> int:
    from kernelstab import theorems

    known = theorems.all()
    width = max(len(t.slug) for t in known)
    _print(arguments, [{"slug": t.slug, "title": t.title} for t in known],
           "\n".join(f"{t.slug:<{width}}  {t.title}" for t in known))
    return 0


def _show(arguments) -> int:
    from kernelstab import theorems

    theorem = theorems.get(arguments.slug)
    fields = ("slug", "title", "statement", "hypotheses", "conclusions", "source")
    _print(arguments, {name: getattr(theorem, name) for name in fields} | {"where": theorem.where()},
           theorem.card().rstrip("\n"))
    return 0


def _check(arguments) -> int:
    from kernelstab import theorems
    from kernelstab.report import check_on_problem, pose

    theorem = theorems.get(arguments.slug)
    require_writable(arguments.certificate, "certificate")
    if arguments.by_hand:
        instance = theorem.by_hand()
        verdict = theorem.check(instance, arguments.arithmetic, arguments.precision)
    else:
        problem = pose(*_problem(arguments), rng=arguments.seed)
        instance, verdict = check_on_problem(theorem, problem, arithmetic=arguments.arithmetic,
                                             precision=arguments.precision, rng=arguments.seed)
    _print(arguments, verdict.to_json() | {"instance": instance.description},
           f"{instance.description}\n{verdict.table()}\n{verdict!r}")
    if arguments.certificate is not None:
        theorem.certificate(instance, arguments.certificate, precision=arguments.precision)
    return 0 if verdict.verified else 1


def _verify(arguments) -> int:
    from kernelstab.report import recheck

    results = []
    for path in arguments.files:
        try:
            results.append(recheck(path, budget=arguments.budget))
        except ValueError as error:              # one missing file does not hide what the others prove
            print(f"kernelstab: error: {error}", file=sys.stderr)
    if arguments.json:
        print(json.dumps([result.to_json() for result in results], allow_nan=False))
    else:
        for result in results:
            print(result.text(), file=sys.stdout if result.accepted else sys.stderr)
    return 0 if len(results) == len(arguments.files) and all(result.accepted for result in results) else 2


def _train(arguments) -> int:
    from kernelstab.maps.training import train

    run = train(arguments.name, epochs=arguments.epochs, seed=arguments.seed, out=arguments.out,
                resume=arguments.resume, device=arguments.device, progress=not arguments.quiet)
    _print(arguments, {"weights": run.weights and str(run.weights), "checkpoint": str(run.checkpoint),
                       "curve": run.curve, "psnr": run.psnr}, run)
    return 0


def _warmup(arguments) -> int:
    from kernelstab._compiling_jit import silent
    from kernelstab.warmup import warmup

    with _bar(arguments) as (_, show), silent():
        warmup(*([arguments.part] if arguments.part else []), progress=show)
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def _parser():
    parser = _Parser(prog="kernelstab", description=__doc__.partition("\n")[0].replace("``", ""))
    parser.add_argument("--version", action="version", version=f"kernelstab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    add = _command(commands, _audit, "audit a reconstruction map and write a report")
    _problem_options(add)
    add("--eps", type=float, default=0.02, metavar="E",
        help="largest perturbation, relative to the norm of the data (default %(default)s)")
    add("--out", default="kernelstab-report", metavar="DIR",
        help="folder of the report (default %(default)s)")
    add("--quick", action="store_true", help="fewer images and shorter searches")
    add("--name", metavar="NAME", help="what the report calls the map")
    add("--baselines", metavar="LIST", help="maps to compare with, separated by commas: tv, wavelets, "
                                            "sparse, tikhonov, module:name (default: those that fit)")
    add("--eta", type=float, metavar="E", help="noise level of the sparse baselines, in units of the data "
                                               "(default: a hundredth of the norm of the data)")
    add("--images-searched", type=int, metavar="N", help="images on which the worst case is searched "
                                                         "(default 4, with --quick 2)")
    add("--budget", type=int, metavar="N", help="evaluations of each search (default: as many as its time "
                                                "allows)")

    add = _command(commands, _constants, "print what the kernel of a matrix allows: spark, isometry and null "
                                         "space constants")
    add("matrix", metavar="FILE", help="a matrix (.npy, .npz)")
    add("--order", type=int, metavar="S", help="largest sparsity (default 3)")
    add("--normalise", action="store_true", help="divide every column by its length first")
    add("--max-supports", type=int, metavar="N",
        help="budget of each search; beyond it an answer is two-sided")
    add("--certificate", metavar="FILE", help="write the proofs of all bounds")

    add = _command(commands, _solve, "solve a sparse recovery problem and say how good the answer is")
    add("matrix", metavar="FILE",
        help="a matrix (.npy, .npz), or an archive with A, y and perhaps lam, eta, weights")
    add("data", metavar="DATA", nargs="?", help="the data (.npy, .npz)")
    add("--problem", choices=("lasso", "qcbp", "basis-pursuit", "sqrt-lasso"),
        help="default: lasso if there is a lam, qcbp if there is an eta, else basis-pursuit")
    add("--lam", type=float, metavar="L", help="regularisation weight of the 1-norm")
    add("--eta", type=float, metavar="E", help="noise level, in units of the data")
    add("--nonneg", action="store_true", help="solutions without negative entries only")
    add("--tol", type=float, default=1e-6, metavar="T",
        help="relative duality gap at which to stop (default %(default)s)")
    add("--method", default="auto", metavar="M", help="see docs/solvers.md (default auto)")
    add("--max-iter", type=int, metavar="N", help="budget of iterations")
    add("--out", metavar="FILE", help="write x, dual and the numbers (.npz)")
    add("--certificate", metavar="FILE", help="write exact proofs for `kernelstab verify`")

    _command(commands, _list, "list the theorems", quiet=False)

    add = _command(commands, _show, "print a theorem and say where its pieces live", quiet=False)
    add("slug", metavar="SLUG")

    add = _command(commands, _check, "check a theorem on a reconstruction map", quiet=False)
    add("slug", metavar="SLUG")
    _problem_options(add)
    add("--by-hand", action="store_true", help="check the pencil-and-paper instance instead")
    add("--arithmetic", default="float", choices=("float", "ball", "exact"))
    add("--precision", type=int, default=128, metavar="BITS", help="of balls (default 128)")
    add("--certificate", metavar="FILE", help="write a certificate of the verdict")

    add = _command(commands, _verify, "prove certificates again; exit code 2 if one is refused", quiet=False)
    add("files", nargs="+", metavar="FILE")
    add("--budget", type=float, default=1.0, metavar="B",
        help="multiply the limits on work and memory (default %(default)s)")

    add = _command(commands, _train, "train a network that ships with the package")
    add("name", metavar="NAME", help="mri64-fourier or mri32-gaussian")
    add("--epochs", type=int, metavar="N", help="length of the run (default: the network's)")
    add("--seed", type=int, default=0, metavar="S")
    add("--out", default=".", metavar="DIR", help="folder of weights and checkpoint")
    add("--resume", action="store_true", help="go on from the checkpoint in DIR")
    add("--device", default="cpu", metavar="D", help="torch device (default cpu)")

    add = _command(commands, _warmup, "compile the loops once, so that later runs start at once", json=False)
    add("part", nargs="?", choices=("solvers", "kernel"), help="default: both")
    return parser


def _command(commands, run, text, *, json=True, quiet=True):
    """Add the command that the function ``_NAME`` runs, and return what adds its options."""
    command = commands.add_parser(run.__name__[1:], help=text, description=text)
    command.set_defaults(run=run)
    if json:
        command.add_argument("--json", action="store_true", help="print JSON")
    if quiet:
        command.add_argument("--quiet", action="store_true",
                             help="no progress, no summary; one line if something is missing")
    return command.add_argument


def _problem_options(add):
    add("--operator", metavar="A", help="fourier, gaussian, a matrix (.npy, .npz), or module:name of an "
                                       "operator")
    add("--mask", metavar="FILE", help="an MRI sampling mask (.npy, .npz) in place of an operator; its first "
                                       "entry is the zero frequency")
    add("--centred", action="store_true", help="the zero frequency is in the middle of the mask")
    add("--map", metavar="MAP", help="module:name of a callable or torch module, weights .npz, or a shipped "
                                     "network (mri64-fourier, mri32-gaussian)")
    add("--images", metavar="FILE", help="images (.npy, .npz); default: held-out MR slices")
    add("--seed", type=int, default=0, metavar="S", help="seed (default 0)")
