r"""LaTeX fragments to Unicode, for the screen and for search.

The law: nothing is lost. A fragment is replaced only when it is understood whole; a formula with
one unknown command, a lone dollar sign, a price, a brace that nobody closes stand in the result
exactly as in the source, and so does all text around a fragment. A digest is not LaTeX, it has
LaTeX in it: outside a formula, `%` and `^` mean themselves, and so do `~`, `--` and quotes but
where they stand as only LaTeX has them: `et al.~[3]`, `4--6`, a ` `` ` that a `''` closes.

A formula keeps the spaces its author set, for many "formulas" are prose; they are made even around
an operator, and a relation always has its own.

The symbols are pylatexenc's; its parser, which drops what it does not know, is not used.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

Emphasis = Literal["bold", "italic", "caps"]


@dataclass(frozen=True, slots=True)
class Typeset:
    r"""Text as it is shown, and where it is emphasized.

    An emphasis is (start, end, what) in characters of the text: never empty, sorted by start, an
    outer one before those in it, with which it overlaps. What is "caps" stands in its own letters.
    """

    text: str
    emphases: tuple[tuple[int, int, Emphasis], ...] = ()


_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_HAN = r"\u3000-\u9fff\uff00-\uffef"
_BASE = r"(?:[A-Za-z]|\\[ij](?![A-Za-z]))"

_FRAGMENT = rf"""
    # Most characters open nothing: one look tells, where the alternatives would take ten.
    (?=[\\${{`'~h-])(?:
      \$\$(?P<display>(?:[^$\\]|\\.)+)\$\$
    # Neither prices nor prose between them: `$5,$6`, `$5 and $6`, `$5 or so,$`, `$5亿，$`.
    | \$(?!\s|[^$\\]*\$\d|[^${{]*\s[a-z]{{2,}}\s|[^$\\{{]*[{_HAN}])
      (?P<inline>(?:[^$\\\n]|\\.|\n(?!\s*\n))+)(?<![\s(\[])\$
    | \$(?P<loose>\ (?![a-z]{{2}})[^$\s{_HAN}]+\ |\ ?(?=[^$\s]*\\)(?:[^$\\\s]|\\.)+\ ?)\$
    # Up to the next opener: to look for the end of each in all that follows takes quadratic time.
    | \\\((?P<round>(?:(?!\\[()]).)+)\\\)
    | \\\[(?P<square>(?:(?!\\[\[\]]).)+)\\\]
    | \\(?P<style>emph|underline|mbox|text(?:bf|it|sc|tt|rm|sf|sl|up|md|normal)?)
      \s?(?P<styled>{_BRACES})
    | \{{\\(?P<switch>(?:bf|it|sl|sc|tt|rm|sf)(?:series|shape|family)?|em)(?![A-Za-z])\s*+
      (?P<switched>(?:[^{{}}]|{_BRACES})*)\}}
    | \\(?:href|textcolor)\s*\{{[^{{}}]*\}}\s*(?P<linked>{_BRACES})
    | \\url\s*\{{(?P<url>[^{{}}]*)\}}
    | \\textsuperscript\s?(?P<raised>{_BRACES})
    | \\textsubscript\s?(?P<lowered>{_BRACES})
    | (?P<brace>\{{)?\\(?:
        (?P<mark>["'`^~=.]|[uvHcdbkr](?=\s|\{{))\s*(?P<base>\{{{_BASE}\}}|{_BASE})
      | (?P<letter>ss|[aA][aAeE]|[oO][eE]|[oOlLi])(?![A-Za-z])(?:\{{\}}|\s)?
      )(?(brace)\}})
    | \\(?P<symbol>text[a-z]+|l?dots|(?:La)?TeX)(?![A-Za-z])(?:\{{\}})?
    | \\(?P<escaped>[%&_\#${{}}])
    # `et al.\ 2020`, `10\,000`, `et al.~[3]`, but not `~70%`
    | (?P<space>(?<=[.\d])\\[\ ,]|(?<=[^\W\d_]\.)~(?=[^\s\\]))
    # `4--6`, `this -- or that`, but not `--flag`
    | (?P<dash>(?<=[\w%$)}}])---?(?=[\w$\\])|(?<=\ )---?(?=\s))
    # `''x''` is a slip that many make; a formula may hold `f''`.
    | (?:(?<![`\\])``|(?<![^\s(])'')
      (?P<quoted>(?!\s)
        (?:[^$\\`'"\n]|\\.|\$(?:[^$\\`\n]|\\.)+\$|`(?!`)|'(?!')|\n(?!\s*\n))+)(?<![\s(])(?:''|")
    | (?<![^\s(])`(?P<single>(?!\s)[^`'\n]+)(?<!\s)'(?![\w'])
    # An address stays what it is: `https://example.org/a--b`.
    | (?P<address>https?://[^\s\\${{}}]+)
    )
    """

# A text without any of these is shown as it stands.
_SIGNS = ("\\", "$", "--", "`", "''", ".~")

_EMPHASES: dict[str, Emphasis] = {
    **dict.fromkeys(("textbf", "bf", "bfseries"), "bold"),
    **dict.fromkeys(("emph", "textit", "textsl", "em", "it", "itshape", "sl", "slshape"), "italic"),
    **dict.fromkeys(("textsc", "sc", "scshape"), "caps"),
}

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323",
    "b": "\u0331", "k": "\u0328", "r": "\u030a",
    "acute": "\u0301", "grave": "\u0300", "hat": "\u0302", "widehat": "\u0302", "ddot": "\u0308",
    "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "overline": "\u0305",
    "dot": "\u0307", "breve": "\u0306", "check": "\u030c", "mathring": "\u030a", "vec": "\u20d7",
}  # fmt: skip
_STROKE = "\u0338"
_ALPHABET = re.compile(
    r"math(cal|scr|frak|bb|bbm|ds|bf|rm|it|sf|tt|op|normal)|bm|boldsymbol|pmb|operatorname\*?"
    r"|mbox|underline|text(bf|it|sl|sc|rm|sf|tt|up|normal)?"
)
_SILENT = re.compile(
    r"(left|right|middle)\s*\.?|[bB]igg?[lrm]?|(display|text)style|(no)?limits|rm|bf|it|cal|!"
)
# What pylatexenc lacks, or shows as less than a terminal can.
_SYMBOLS = {
    **{name: name for name in (
        "Im", "LaTeX", "Pr", "Re", "TeX", "arg", "argmax", "argmin", "deg", "det", "dim", "gcd",
        "ker", "mod",
    )},
    "|": "‖", "bmod": " mod ", "bot": "⊥", "checkmark": "✓", "colon": ":", "coloneqq": ":=",
    "degree": "°", "gets": "←", "iff": "⇔", "imath": "ı", "implies": "⇒", "jmath": "ȷ",
    "land": "∧", "lor": "∨", "mid": " | ", "models": "⊨", "ne": "≠", "neg": "¬", "prime": "′",
    "textbar": "|", "textgreater": ">", "textless": "<", "triangle": "△",
}  # fmt: skip
_UNWANTED = ("today", "-")
_BLACKBOARD = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁᵂᵀ†‡′"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ"
_SCRIPTS = {
    "^": str.maketrans(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUW⊤†‡′∘*⋆", f"{_RAISED}°*⋆"
    ),
    "_": str.maketrans("0123456789+-−=()aeoxhklmnpstijruv", _LOWERED),
}

_TOKEN = re.compile(r"\\(?:left|right)\s*\.|\\operatorname\*|\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_RELATIONS = "←-⇿∈-∍∝∥∼-⊋⊏-⊒⊢⊣⊦-⊸⋈-⋍⋐-⋭⟵-⟿⩽-⫻"
_RELATION = re.compile(f"[{_RELATIONS}]")
_OPERATORS = r"+\-×·±∓÷∪∩∧∨⊕⊗⊙∖∘"
_PREFIXES = "∀∃∇∂¬±∓"
_SPACING = (
    (re.compile(r"(?<=[(\[{⟨⌈⌊/]) | (?=[)\]}⟩⌉⌋,;/])"), ""),
    # A relation that nothing stands before: `∼70%`.
    (re.compile(rf"(^|[(\[{{])([<=>{_RELATIONS}]) "), r"\1\2"),
    # An operator between two operands has a space on both sides, or on none.
    (
        re.compile(
            rf"(?<=[^\s(\[{{,;:<=>{_OPERATORS}{_RELATIONS}])( ?)"
            rf"([:!<>=-]?[<=>]+|[{_OPERATORS}]) ?(?=\S)"
        ),
        r"\1\2\1",
    ),
)
# TeX sets both scripts one above the other; in a line, the small one is read first.
_BOTH_SCRIPTS = re.compile(rf"(_\{{[^{{}}]*\}})([{_RAISED}]+)")
# A name below the line needs no braces, and above it a letter: `π_ref`, but `e^{iπ}`.
_NAME_SCRIPT = re.compile(r"(_(?=\{[A-Za-z0-9]+\})|[_^](?=\{.\}))\{([^\W_]+)\}([^\W_]?)")
_WORD = re.compile(r"(?:[^\W_]|[√/ ]){2,}")
# What a fraction or a root may hold without parentheses: `12`, `x₁`, `∂θ`, `√n`, `π_θ(y|x)`.
_ATOM = (
    rf"\d+(\.\d+)?|[√∂]?[^\W\d_][\u0300-\u036f\u20d7{_RAISED}{_LOWERED}]*"
    r"(_\{[^\W_]+\}(\([^()]*\))?)?"
)
_PRODUCT = rf"{_ATOM}|[\w.]+"


class _Unknown(ValueError):
    """The formula holds something that is not understood."""


def render(text: str) -> str:
    r"""Returns the text with the LaTeX that is understood in Unicode: `$x_1$` is `x₁`."""
    return typeset(text).text if _may_hold_latex(text) else text


def typeset(text: str) -> Typeset:
    r"""Returns the text as `render` does, with what `\textbf` and its kin emphasize."""
    if not _may_hold_latex(text):
        return Typeset(text)
    pieces: list[str] = []
    emphases: list[tuple[int, int, Emphasis]] = []
    end = length = 0
    for fragment in _fragments().finditer(text):
        shown = _shown(fragment)
        length += fragment.start() - end
        emphases += [(length + a, length + b, what) for a, b, what in shown.emphases]
        pieces += text[end : fragment.start()], shown.text
        length += len(shown.text)
        end = fragment.end()
    return Typeset("".join(pieces) + text[end:], tuple(emphases))


def _may_hold_latex(text: str) -> bool:
    return any(map(text.__contains__, _SIGNS))


def _shown(fragment: re.Match[str]) -> Typeset:
    match fragment.lastgroup:
        case "styled":
            return _styled(fragment["styled"][1:-1], fragment["style"])
        case "switched":
            return _styled(fragment["switched"], fragment["switch"])
        case "linked":
            return typeset(fragment["linked"][1:-1])
        case "quoted":
            return _quoted("“", fragment["quoted"], "”")
        case "single":
            return _quoted("‘", fragment["single"], "’")
    return Typeset(_unstyled(fragment) or fragment[0])


def _styled(inside: str, command: str) -> Typeset:
    shown = typeset(inside)
    if not shown.text or command not in _EMPHASES:
        return shown
    return Typeset(shown.text, ((0, len(shown.text), _EMPHASES[command]), *shown.emphases))


def _quoted(opening: str, inside: str, closing: str) -> Typeset:
    shown = typeset(inside)
    emphases = tuple((start + 1, end + 1, what) for start, end, what in shown.emphases)
    return Typeset(opening + shown.text + closing, emphases)


def _unstyled(fragment: re.Match[str]) -> str | None:
    """Returns a fragment without emphasis in Unicode, or None where it is not understood."""
    kind = fragment.lastgroup or ""
    inside = fragment[kind]
    try:
        match kind:
            case "base":
                letter = _accented(inside.strip("{}\\"), fragment["mark"])
                # Where Unicode has no such letter it is none: `\"q` is a quotation mark.
                return letter if len(letter) == 1 else None
            case "letter" | "symbol":
                return _symbol(inside)
            case "raised":
                return _small("^", render(inside[1:-1]))
            case "lowered":
                return _small("_", render(inside[1:-1]))
            case "space":
                return " "
            case "dash":
                return "–" if inside == "--" else "—"
            case "url" | "escaped" | "address":
                return inside
        end = fragment.end()
        return _set(_Formula(inside).shown(), fragment.string[end : end + 1])
    except (_Unknown, RecursionError):
        return None


@cache
def _fragments() -> re.Pattern[str]:
    # Compiled when the first sign is met: it takes 5 ms, and many starts meet none.
    return re.compile(_FRAGMENT, re.VERBOSE | re.DOTALL)


@cache
def _symbols() -> dict[str, str]:
    # Imported when the first command is met: it takes 40 ms, and most starts meet none.
    from pylatexenc.latex2text import get_default_latex_context_db

    known = dict(_SYMBOLS)
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
    marked = "".join(c + _ACCENTS[mark] if c.isalnum() else c for c in dotted)
    return unicodedata.normalize("NFC", marked)


class _Formula:
    """The tokens of a formula, read from left to right."""

    def __init__(self, source: str) -> None:
        self._tokens = iter(_TOKEN.findall(source))

    def shown(self, closing: str = "") -> str:
        """Returns what stands up to a closing token, or up to the end, in Unicode."""
        shown, gap, before = "", "", ""
        while (token := next(self._tokens, "")) != closing:
            if token.isspace():
                gap = " "
                continue
            piece = self._piece(token)
            kind = _kind(token, piece)
            beside = shown and token not in "_^" and (shown[-1] + piece[:1]).isalnum()
            if beside and "word" in (kind, before):
                gap = " "
            elif before == "symbol" and (piece[:1].isalnum() or piece[:1] in "(["):
                # The space that ends a command's name is none.
                gap = ""
            shown += gap + piece
            gap, before = "", kind
        return shown + gap

    def _piece(self, token: str) -> str:
        """Returns what a token says, with the arguments that it takes."""
        if token == "{":
            shown = self.shown("}")
            # `{\sim}` is set tight.
            return shown.strip() if _RELATION.fullmatch(shown.strip()) else shown
        if token in ("", "}", "&", "$"):
            raise _Unknown(token)
        if token in "_^":
            return _script(token, self._argument())
        if token[0] == "\\" and len(token) > 1:
            return self._command(token[1:])
        return {"~": " ", "'": "′"}.get(token, token)

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
            shown = self._argument()
            return shown.translate(_BLACKBOARD) if name == "mathbb" else shown
        if name in _ACCENTS and (len(name) > 1 or not name.isalpha()):
            return _accented(self._argument(), name)
        match name:
            case "not":
                return f" {unicodedata.normalize('NFC', self._argument().strip() + _STROKE)} "
            case "sqrt":
                return self._root(self._argument())
            case "frac" | "dfrac" | "tfrac" | "nicefrac":
                return f"{_operand(self._argument(), _PRODUCT)}/{_operand(self._argument())}"
        shown = _symbol(name)
        return f" {shown} " if _RELATION.fullmatch(shown) else shown

    def _root(self, radicand: str) -> str:
        if radicand != "[":
            return "√" + _operand(radicand)
        degree = _script("^", self.shown("]"))
        return degree + "√" + _operand(self._argument())


def _kind(token: str, piece: str) -> Literal["word", "symbol", ""]:
    """Tells whether a command shows a word, or a symbol that stands close to what follows."""
    if token[0] != "\\":
        return ""
    if _WORD.fullmatch(piece):
        return "word"
    return "symbol" if token[1:] in _symbols() and (piece.isalnum() or piece in _PREFIXES) else ""


def _operand(shown: str, alone: str = _ATOM) -> str:
    """Returns an operand, in parentheses unless it matches what can stand alone."""
    shown = shown.strip()
    return shown if re.fullmatch(alone, shown) else f"({shown})"


def _small(sign: str, shown: str) -> str | None:
    """Returns a sub- or superscript in small characters, or None where one of them has none."""
    if all(ord(c) in _SCRIPTS[sign] for c in shown):
        return shown.translate(_SCRIPTS[sign])
    return None


def _script(sign: str, shown: str) -> str:
    """Returns a sub- or superscript in small characters, or else in braces: `_set` has the rest."""
    shown = re.sub(r"(?<!\w) | (?!\w)", "", shown)
    small = _small(sign, shown)
    if small is not None:
        return small
    return sign + (shown if len(shown) == 1 and not shown.isalnum() else f"{{{shown}}}")


def _set(shown: str, following: str) -> str:
    """Returns a formula with its spaces set right, and no braces that a reader does not need."""
    shown = " ".join(shown.split())
    if " " in shown:
        for wrong, right in _SPACING:
            shown = wrong.sub(right, shown)
    if "{" not in shown:
        return shown
    shown = _BOTH_SCRIPTS.sub(r"\2\1", shown)
    if shown.endswith("}") and following.isascii() and following.isalnum():
        # `$\pi_{ref}$s`
        return shown
    return _NAME_SCRIPT.sub(lambda m: m[1] + m[2] + (m[3] and f" {m[3]}"), shown)
