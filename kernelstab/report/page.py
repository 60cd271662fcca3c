r"""The report as one HTML page and one JSON file, and the parts that its sections are made of.

The page has no outside references, so no script typesets its formulas. Those of the theorems are linear
(norms, Greek letters, indices, bars); as Unicode text they wrap on a narrow screen, print, and can be copied.
"""

import base64
import html
import re
from contextlib import suppress
from pathlib import Path

import numpy as np

from kernelstab import plot
from kernelstab._files import to_json_text, write_atomic
from kernelstab.plot import style

PANEL = 2.6
"""Inches of one image with its colour bar in a row of at most four; the image is over 200 pixels wide."""

_SYMBOLS = {
    "Psi": "Ψ", "Delta": "Δ", "Lambda": "Λ", "Omega": "Ω", "eta": "η", "delta": "δ", "mu": "μ",
    "varepsilon": "ε", "epsilon": "ε", "lambda": "λ", "sigma": "σ", "theta": "θ", "tau": "τ", "kappa": "κ",
    "rho": "ρ", "alpha": "α", "beta": "β", "gamma": "γ", "pi": "π", "ge": " ≥ ", "geq": " ≥ ", "le": " ≤ ",
    "leq": " ≤ ", "in": " ∈ ", "to": " → ", "ne": " ≠ ", "neq": " ≠ ", "approx": " ≈ ", "cdot": "·",
    "times": "×", "dagger": "†", "|": "‖", "langle": "⟨", "rangle": "⟩", "infty": "∞", "perp": "⊥",
    "ldots": "…", "dots": "…", "sqrt": "√", "ast": "*", "sum": "∑", "max": "max ", "min": "min ",
    "sup": "sup ", "quad": "  ", ",": " ", ";": " ", " ": " ", "{": "{", "}": "}", "left": "", "right": "",
    "circ": "∘", "forall": "∀", "exists": "∃", "pm": "±",
}
_ACCENTS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303"}
_UPRIGHT = {"mathrm", "text", "operatorname"}
_SCRIPTS = {"'": ("′", ""), "^": ("", "sup"), "_": ("", "sub")}
_SPACED = {"+": " + ", "=": " = ", "<": " &lt; ", ">": " &gt; ", "&": "&amp;", ",": ", "}
_BEFORE_A_SIGN = ("", "(", "{", "=", "<", ">", "\\ge", "\\le", ",", "[")
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}^_'])|([A-Za-z])|(\s+)|(.)", re.S)


def write_report(report) -> None:
    """Write ``report.json`` and then ``report.html`` into the folder of the report, each whole."""
    write_atomic(Path(report.path) / "report.json", to_json_text(report.to_json()))
    write_atomic(Path(report.path) / "report.html", render(report))


def render(report) -> str:
    """Return the report as the text of one page that refers to nothing outside itself."""
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
                                     undefined=jinja2.StrictUndefined)
    return environment.get_template("report.html.j2").render(_context(report))


def _context(report) -> dict:
    problem, record = report.problem, report.provenance
    about, names, found = problem.about, list(problem.maps), report.findings.values()
    meant = [(key, safe(inline_to_html(text))) for key, text in report.conventions().items()]
    return {
        "title": f"What {problem.audited} does with what it cannot see",
        "subtitle": f"Operator: {about['operator']}. Images: {about['images']}. {record['time'][:10]}, "
                    f"seed {record['seed']}, kernelstab {record['kernelstab']}.",
        "partial": report.notice, "headline": report.headline(), "sentences": report.sentences(),
        "maps": [(name, about.get(name, "")) for name in names],
        "scores": table(("", *names), [row for finding in found for row in finding.rows(names)]),
        "images": len(problem.images),
        "sections": [{"title": finding.title, "parts": finding.parts(problem)} for finding in found
                     if finding.title],
        "certified": any(checked.certificate for checked in report.verdicts),
        "conventions": table(("choice", "here"), meant),
        "provenance": table(("item", "value"), _provenance(report)),
        "stages": table(("stage", "state", "seconds"),
                        [(s.name, f"{s.state}: {s.reason}" if s.reason else s.state, f"{s.seconds:.1f}")
                         for s in report.stages]),
    }


def _provenance(report):
    record = report.provenance
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    rows = [*report.problem.about.items(), ("kernelstab", record["kernelstab"]), ("Python", record["python"]),
            ("packages", packages), ("machine", f"{record['system']} {record['machine']}"),
            ("seed", record["seed"]), ("time", record["time"])]
    heard = [f"{kind} {count} in {stage.name}" for stage in report.stages
             for kind, count in stage.warnings.items()]
    return [*rows, *([("warnings", ", ".join(heard))] if heard else [])]


def table(head, rows) -> dict:
    """Return a table of words; every row has as many cells as the head."""
    return {"kind": "table", "head": list(head), "rows": [list(row) for row in rows]}


def safe(text):
    """Mark text as HTML that is not to be escaped."""
    import markupsafe

    return markupsafe.Markup(text)


def drawing(fig, alt, caption, width) -> dict:
    """Embed a drawing as SVG; ``alt`` is for those who cannot see it."""
    return _figure("svg+xml", plot.svg(fig).encode(), alt, caption, width, "drawing")


def images_figure(fig, alt, caption) -> dict:
    """Embed rows of images as PNG; an inch of the figure is 6.2 rem of a wide page."""
    width = f"{6.2 * fig.get_size_inches()[0]:.0f}rem"
    return _figure("png", plot.png(fig, dpi=170), alt, caption, width, "rows")


def _figure(form, data, alt, caption, width, css):
    source = f"data:image/{form};base64,{base64.b64encode(data).decode()}"
    return {"kind": "figure", "source": source, "alt": alt, "caption": caption, "width": width, "css": css}


def gray_limits(problem, image) -> tuple[float, float]:
    """Return the gray scale of a signal: from its smallest value, or zero, to its largest."""
    picture = np.asarray(problem.picture(image))
    return style.gray_limits(np.abs(picture) if np.iscomplexobj(picture) else picture, np.zeros(1))


def magnification(picture, half) -> int:
    """Return the largest round factor that keeps a picture inside the gray scale.

    >>> magnification(np.array([0.01]), 0.5), magnification(np.array([0.3]), 0.5)
    (50, 1)
    """
    largest = float(np.max(np.abs(picture)))
    if largest == 0:
        return 1
    candidates = [c * 10**k for k in range(7) for c in (1, 2, 5)]
    return max([c for c in candidates if c * largest <= half] or [1])


def tex_to_html(tex: str) -> str:
    r"""Turn a linear formula into HTML; an unknown command leaves the TeX as it is, as code.

    >>> tex_to_html(r"\|P_N x\| \ge 2\eta'")
    '‖<i>P</i><sub><i>N</i></sub><i>x</i>‖ ≥ 2η′'
    >>> tex_to_html(r"A^\dagger, \bar x")
    '<i>A</i><sup>†</sup>, <i>x̄</i>'
    >>> tex_to_html(r"\unheard{x}")
    '<code>\\unheard{x}</code>'
    """
    tokens = list(_TOKEN.finditer(tex.strip()))[::-1]           # the next one is the last
    with suppress(KeyError, IndexError):
        text = _formula(tokens)
        if not tokens:
            return re.sub(r" {2,}", " ", text).strip()
    return f"<code>{html.escape(tex)}</code>"


def _formula(tokens, upright=False):
    """Read tokens until the end or a closing brace."""
    text, before = "", ""
    while tokens and tokens[-1].group() != "}":
        token = tokens[-1].group()
        text += _atom(tokens, upright, before)
        before = token if token.strip() else before
    return text


def _atom(tokens, upright=False, before="("):
    command, mark, letter, space, other = tokens.pop().groups()
    if command in _ACCENTS:
        return re.sub(r"(</i>)?$", lambda m: _ACCENTS[command] + m.group(), _argument(tokens), count=1)
    if command in _UPRIGHT:
        return _argument(tokens, upright=True)
    if command == "frac":
        return f"({_argument(tokens)})/({_argument(tokens)})"
    if command is not None:
        return _SYMBOLS[command]
    if mark == "{":
        return _braced(tokens, upright)
    if mark:
        text, tag = _SCRIPTS[mark]
        return text or f"<{tag}>{_argument(tokens).strip()}</{tag}>"
    if letter:
        return letter if upright else f"<i>{letter}</i>"
    if space:
        return space if upright else ""          # TeX ignores blanks in formulas
    if other == "-":                             # between two terms it is no sign
        return "−" if before in _BEFORE_A_SIGN else " − "
    return _SPACED.get(other, other)


def _argument(tokens, upright=False):
    """Read one braced group or one atom."""
    while tokens[-1].group(4):
        tokens.pop()
    if tokens[-1].group() != "{":
        return _atom(tokens, upright)
    tokens.pop()
    return _braced(tokens, upright)


def _braced(tokens, upright):
    text = _formula(tokens, upright)
    tokens.pop()                                 # an IndexError if the brace is not closed
    return text


def markdown_to_html(text: str) -> str:
    r"""Turn paragraphs with ``**bold**``, ``*emphasis*``, code and ``$formulas$`` into HTML.

    >>> markdown_to_html("**H1** holds, $x$.\n\nNext.")
    '<p><b>H1</b> holds, <span class="formula"><i>x</i></span>.</p>\n<p>Next.</p>'
    """
    return "\n".join(f"<p>{inline_to_html(block)}</p>" for block in re.split(r"\n\s*\n", text.strip()))


def inline_to_html(text: str) -> str:
    """Turn one line of Markdown into HTML without a paragraph around it.

    >>> inline_to_html("a < b and `code`")
    'a &lt; b and <code>code</code>'
    """
    pieces = re.split(r"(\$\$.+?\$\$|\$.+?\$|`.+?`)", " ".join(text.split()))
    out = []
    for piece in pieces:
        if piece.startswith("$$"):
            out.append(f'<span class="display">{tex_to_html(piece[2:-2])}</span>')
        elif piece.startswith("$"):
            out.append(f'<span class="formula">{tex_to_html(piece[1:-1])}</span>')
        elif piece.startswith("`"):
            out.append(f"<code>{html.escape(piece[1:-1])}</code>")
        else:
            plain = html.escape(piece, quote=False)
            plain = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", plain)
            out.append(re.sub(r"\*(.+?)\*", r"<em>\1</em>", plain))
    return "".join(out)
