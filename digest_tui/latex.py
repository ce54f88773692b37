r"""LaTeX fragments to Unicode, for the screen and for search.

The law: nothing is lost. A fragment is replaced only when it is understood whole; a formula with
one unknown command, a lone dollar sign, a price, a brace that nobody closes stand in the result
exactly as in the source, and so does all text around a fragment. A digest is not LaTeX, it has
LaTeX in it: outside a formula, `%`, `~`, `^` and `--` mean themselves.

The symbols are pylatexenc's; its parser, which drops what it does not know, is not used.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_BASE = r"(?:[A-Za-z]|\\[ij](?![A-Za-z]))"

_FRAGMENT = re.compile(
    rf"""
      \$\$(?P<display>(?:[^$\\]|\\.)+)\$\$
    # Neither prices nor prose between them: `$5,$6`, `$5 and $6`, `$5 or so,$`.
    | \$(?!\s|[^$\\]*\$\d|[^${{]*\s[a-z]{{2,}}\s)(?P<inline>(?:[^$\\\n]|\\.|\n(?!\s*\n))+)(?<!\s)\$
    | \$(?P<loose>\ [^$\s]+\ |\ ?(?=[^$\s]*\\)(?:[^$\\\s]|\\.)+\ ?)\$
    # Up to the next opener: to look for the end of each in all that follows takes quadratic time.
    | \\\((?P<round>(?:(?!\\[()]).)+)\\\)
    | \\\[(?P<square>(?:(?!\\[\[\]]).)+)\\\]
    | \\(?:emph|underline|mbox|text(?:bf|it|sc|tt|rm|sf|sl|up|md|normal)?)(?P<styled>{_BRACES})
    | \{{\\(?:bf|it|em|sc|tt|rm|sf|sl)\s(?P<switched>(?:[^{{}}]|{_BRACES})*\}})
    | \\href\s*\{{[^{{}}]*\}}\s*(?P<linked>{_BRACES})
    | \\url\s*\{{(?P<url>[^{{}}]*)\}}
    | (?P<brace>\{{)?\\(?:
        (?P<mark>["'`^~=.]|[uvHcdbkr](?=\s|\{{))\s*(?P<base>\{{{_BASE}\}}|{_BASE})
      | (?P<letter>ss|[aA][aAeE]|[oO][eE]|[oOlLi])(?![A-Za-z])(?:\{{\}}|\s)?
      )(?(brace)\}})
    | \\(?P<escaped>[%&_\#${{}}])
    """,
    re.VERBOSE | re.DOTALL,
)

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323",
    "b": "\u0331", "k": "\u0328", "r": "\u030a",
    "acute": "\u0301", "grave": "\u0300", "hat": "\u0302", "widehat": "\u0302", "ddot": "\u0308",
    "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "overline": "\u0305",
    "dot": "\u0307", "breve": "\u0306", "check": "\u030c", "mathring": "\u030a", "vec": "\u20d7",
}  # fmt: skip
_ALPHABET = re.compile(
    r"math(cal|scr|frak|bbm?|bf|rm|it|sf|tt|op|normal)|bm|boldsymbol|operatorname|mbox|text(bf|it|rm|sf|tt|normal)?"
)
_SILENT = re.compile(
    r"left|right|middle|[bB]igg?[lr]?|(display|text)style|(no)?limits|rm|bf|it|cal|!"
)
_WORDS = ("Pr", "arg", "argmax", "argmin", "deg", "det", "dim", "gcd", "ker", "mod")
_UNWANTED = ("today", "-")

_SCRIPTS = {
    "^": str.maketrans("0123456789+-−=()ni'*∘", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ′*°"),
    "_": str.maketrans("0123456789+-−=()aeoxhklmnpstijruv", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ"),
}

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)


class _Unknown(ValueError):
    """The formula holds something that is not understood."""


def render(text: str) -> str:
    r"""Returns the text with the LaTeX that is understood in Unicode: `$x_1$` is `x₁`."""
    if "\\" not in text and "$" not in text:
        return text
    return _FRAGMENT.sub(_shown, text)


def _shown(fragment: re.Match[str]) -> str:
    kind = fragment.lastgroup or ""
    inside = fragment[kind]
    match kind:
        case "styled" | "switched" | "linked":
            return render(inside.removeprefix("{")[:-1])
        case "base":
            return _accented(inside.strip("{}\\"), fragment["mark"])
        case "letter":
            return _symbol(inside)
        case "url" | "escaped":
            return inside
    return _formula(inside) or fragment[0]


@cache
def _symbols() -> dict[str, str]:
    # Imported when the first command is met: it takes 40 ms, and most starts meet none.
    from pylatexenc.latex2text import get_default_latex_context_db

    known = {"|": "‖", **{name: name for name in _WORDS}}
    for spec in get_default_latex_context_db().iter_macro_specs():
        shown = spec.simplify_repl
        if isinstance(shown, str) and shown and not set(shown) & set("%<\n"):
            known.setdefault(spec.macroname, shown)
    return {name: shown for name, shown in known.items() if name not in _UNWANTED}


def _symbol(name: str) -> str:
    if name in "%&_#${}":
        return name
    try:
        return _symbols()[name]
    except KeyError:
        raise _Unknown(name) from None


def _accented(letters: str, mark: str) -> str:
    # A dotless letter exists to carry an accent; Unicode puts the accent on the dotted one.
    dotted = letters.replace("ı", "i").replace("ȷ", "j")
    marked = "".join(c + _ACCENTS[mark] if c.isalpha() else c for c in dotted)
    return unicodedata.normalize("NFC", marked)


def _formula(source: str) -> str | None:
    """Returns a formula in Unicode, or None where it is not understood."""
    try:
        return " ".join(_Formula(source).shown().split()) or None
    except (_Unknown, RecursionError):
        return None


def _is_word(shown: str) -> bool:
    return len(shown) > 1 and shown.replace(" ", "").isalpha()


class _Formula:
    """The tokens of a formula, read from left to right."""

    def __init__(self, source: str) -> None:
        self._tokens = iter(_TOKEN.findall(source))

    def shown(self, closing: str = "") -> str:
        """Returns what stands up to a closing token, or up to the end, in Unicode."""
        shown, after_word, after_symbol = "", False, False
        while (token := next(self._tokens, "")) != closing:
            if token.isspace():
                shown += "" if after_symbol else " "
                continue
            piece = self._piece(token)
            word = token[0] == "\\" and _is_word(piece)
            if (word or after_word) and token not in "_^" and (shown[-1:] + piece[:1]).isalnum():
                shown += " " if shown else ""
            # The space that ends a command's name is none, unless the author set one before it.
            after_symbol = token[0] == "\\" and not word and not shown.endswith(" ")
            after_word = word
            shown += piece
        return shown

    def _piece(self, token: str) -> str:
        """Returns what a token says, with the arguments that it takes."""
        if token == "{":
            return self.shown("}")
        if token in ("", "}", "&", "$"):
            raise _Unknown(token)
        if token in "_^":
            return _script(token, self._argument())
        if token[0] == "\\" and len(token) > 1:
            return self._command(token[1:])
        return " " if token == "~" else token

    def _argument(self) -> str:
        token = next(self._tokens, "")
        while token.isspace():
            token = next(self._tokens, "")
        return self._piece(token)

    def _command(self, name: str) -> str:
        if _SILENT.fullmatch(name):
            return ""
        if _ALPHABET.fullmatch(name):
            # Plain letters: many terminal fonts lack 𝒪 and 𝔼.
            return self._argument()
        if name in _ACCENTS and (len(name) > 1 or not name.isalpha()):
            return _accented(self._argument(), name)
        if name == "sqrt":
            radicand = self._argument()
            return "√" + _operand(radicand) if radicand != "[" else _symbol(f"{name}[")
        if name in ("frac", "dfrac", "tfrac", "nicefrac"):
            return f"{_operand(self._argument())}/{_operand(self._argument())}"
        return _symbol(name)


def _operand(shown: str) -> str:
    return shown if re.fullmatch(r"\w+|[\w.]\w*", shown) else f"({shown})"


def _script(sign: str, shown: str) -> str:
    """Returns a sub- or superscript in small characters where each has one, else in braces."""
    if all(ord(c) in _SCRIPTS[sign] for c in shown):
        return shown.translate(_SCRIPTS[sign])
    return sign + (shown if len(shown) == 1 else f"{{{shown}}}")
