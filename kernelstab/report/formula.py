r"""Formulas in TeX as HTML text, and short Markdown as HTML.

The report must be one file without outside references, so no script typesets its
formulas. Those of the theorems are linear (norms, Greek letters, indices, bars); as
Unicode text they wrap on a narrow screen, print, and can be copied.
"""

import html
import re

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
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([{}^_'])|([A-Za-z])|(\s+)|(.)", re.S)


def tex_to_html(tex: str) -> str:
    r"""Turn a linear formula into HTML; an unknown command leaves the TeX as it is, as code.

    >>> tex_to_html(r"\|P_N x\| \ge 2\eta'")
    '‖<i>P</i><sub><i>N</i></sub><i>x</i>‖ ≥ 2η′'
    >>> tex_to_html(r"A^\dagger, \bar x")
    '<i>A</i><sup>†</sup>, <i>x̄</i>'
    >>> tex_to_html(r"\unheard{x}")
    '<code>\\unheard{x}</code>'
    """
    tokens = [m for m in _TOKEN.finditer(tex.strip())]
    try:
        text, rest = _group(tokens, 0)
    except (KeyError, IndexError):
        return f"<code>{html.escape(tex)}</code>"
    if rest != len(tokens):
        return f"<code>{html.escape(tex)}</code>"
    return re.sub(r" {2,}", " ", text).strip()


def _group(tokens, i, upright=False):
    """Read until the end or a closing brace; return the HTML and the next position."""
    parts = []
    while i < len(tokens) and tokens[i].group(2) != "}":
        text, i = _atom(tokens, i, upright)
        parts.append(text)
    return "".join(parts), i


def _atom(tokens, i, upright=False):
    command, mark, letter, space, other = tokens[i].groups()
    if command in _ACCENTS:
        text, i = _argument(tokens, i + 1)
        return re.sub(r"(</i>)?$", lambda m: _ACCENTS[command] + m.group(), text, count=1), i
    if command in _UPRIGHT:
        return _argument(tokens, i + 1, upright=True)
    if command == "frac":
        top, i = _argument(tokens, i + 1)
        bottom, i = _argument(tokens, i)
        return f"({top})/({bottom})", i
    if command is not None:
        return _SYMBOLS[command], i + 1
    if mark == "{":
        return _argument(tokens, i, upright)
    if mark == "'":
        return "′", i + 1
    if mark in ("^", "_"):
        text, i = _argument(tokens, i + 1)
        tag = "sup" if mark == "^" else "sub"
        return f"<{tag}>{text.strip()}</{tag}>", i
    if letter:
        return (letter if upright else f"<i>{letter}</i>"), i + 1
    if space:
        return (space if upright else ""), i + 1          # TeX ignores blanks in formulas
    signs = {"-": " − " if _binary(tokens, i) else "−", "+": " + ", "=": " = ", "<": " &lt; ", ">": " &gt; ",
             "&": "&amp;", ",": ", "}
    return signs.get(other, other), i + 1


def _binary(tokens, i) -> bool:
    """Whether a minus at ``i`` stands between two terms and is not a sign."""
    before = next((t for t in reversed(tokens[:i]) if not t.group(4)), None)
    return before is not None and before.group() not in ("(", "{", "=", "<", ">", "\\ge", "\\le", ",", "[")


def _argument(tokens, i, upright=False):
    """Read one braced group or one atom."""
    while tokens[i].group(4):
        i += 1
    if tokens[i].group(2) != "{":
        return _atom(tokens, i, upright)
    text, end = _group(tokens, i + 1, upright)
    if end >= len(tokens):
        raise IndexError("a brace is not closed")
    return text, end + 1


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
