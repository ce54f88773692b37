"""LaTeX fragments: what is understood, what it emphasizes, and that all else stands as it stood."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.latex import Emphasis, render, typeset


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # Letters, symbols, relations, operators.
        (r"$n$", "n"),
        (r"$\epsilon$-greedy", "ϵ-greedy"),
        (r"$\alpha$/$\beta$", "α/β"),
        (r"$(\varepsilon, \delta)$-DP", "(ε, δ)-DP"),
        (r"$\mathcal{A}$lgorithm", "Algorithm"),
        (r"$O(\cdot)$", "O(·)"),
        (r"$\sim 70%$, $\sim$200M, ${\sim}5$", "∼70%, ∼200M, ∼5"),
        (r"$\approx 2.5\times$ faster ($\geq 1$)", "≈2.5× faster (≥1)"),
        (r"$3\times 10^5$, $256 \times 256$", "3×10⁵, 256 × 256"),
        (r"$5.2 \pm 0.3$, $\pm 0.3$", "5.2 ± 0.3, ±0.3"),
        (r"$\alpha \in A$, $x\in A$, $k{\approx}5$", "α ∈ A, x ∈ A, k≈5"),
        (r"$f: X \to Y$, $x\mapsto f(x)$, A$\to$B", "f: X → Y, x ↦ f(x), A→B"),
        (r"$a \leq b$, $a\ne b$, $a \not\subset b$", "a ≤ b, a ≠ b, a ⊄ b"),
        (
            r"$p<0.05$, $\gamma = 0.99$, $x = -1$, $x \to -\infty$",
            "p<0.05, γ = 0.99, x = -1, x → -∞",
        ),
        (r"$\alpha + \beta$, $\alpha+\beta$, $a \cup b$", "α + β, α+β, a ∪ b"),
        (r"$\forall x \exists y \neg z$, $\nabla f$, $2\pi r$", "∀x ∃y ¬z, ∇f, 2πr"),
        (r"$d\log N$, $O(n\log\log n)$", "d log N, O(n log log n)"),
        (r"$\max_x f(x)$, $\operatorname*{arg\,max}_a Q$", "maxₓ f(x), arg maxₐ Q"),
        (r"$\{1,\ldots,n\}$, $\{ x_i \}_{i=1}^N$", "{1,…,n}, {xᵢ}ᵢ₌₁ᴺ"),
        (r"$\|x\|_2$, $\left\lceil \log n \right\rceil$", "‖x‖₂, ⌈log n⌉"),
        (r"$\langle s, a \rangle$, $P(A \mid B)$", "⟨s, a⟩, P(A | B)"),
        (r"$\int_0^1 f(x)\,dx$, $\sum_{i=1}^n x_i$", "∫₀¹ f(x) dx, ∑ᵢ₌₁ⁿ xᵢ"),
        (r"$f''(x)$, $C^{*}$, $^{\dagger}$, $\$5$, $<$", "f′′(x), C*, †, $5, <"),
        (r"$\text{if } x > 0$, $\textit{SMT}$", "if x > 0, SMT"),
        # Sub- and superscripts, where every character has a small one.
        (r"$x_1$ and $n^2$", "x₁ and n²"),
        (r"$10^{-3}$, $x_{t+1}$, $x^{(i)}_t$", "10⁻³, xₜ₊₁, x⁽ⁱ⁾ₜ"),
        (r"$N_{max}$, $\mathrm{CO_2}$", "Nₘₐₓ, CO₂"),
        (r"$90^\circ$, 5$^{th}$, $^{13}$C", "90°, 5ᵗʰ, ¹³C"),
        (r"$x \in \mathbb{R}^d$, $A^\top x$, $A^{-T}$", "x ∈ ℝᵈ, Aᵀ x, A⁻ᵀ"),
        # The others, without braces where they are a name below, or a letter.
        (r"$\pi_{ref}(y)$, $D_{\mathrm{KL}}(p\|q)$", "π_ref(y), D_KL(p‖q)"),
        (r"$d_{\mathcal{F}}$, $Q^\pi$, $\ell_\infty$", "d_F, Q^π, ℓ_∞"),
        (r"$\nabla_{\theta}J$, $W_{Q}x$", "∇_θ J, W_Q x"),
        (r"$\pi_{ref}$s, $\pi_{ref}$ is", "π_{ref}s, π_ref is"),
        (r"$\|W\|_F^2$, $\pi_{ref}'$", "‖W‖²_F, π′_ref"),
        (r"$e^{-\lambda t}$, $e^{i\pi}$, $2^{2^n}$", "e^{-λt}, e^{iπ}, 2^{2ⁿ}"),
        (r"$\pi_{\theta_{old}}$, $\mathbb{R}^{d\times n}$", "π_{θ_old}, ℝ^{d×n}"),
        (r"$E_{x \sim p}$, $n^{2/3}$, $\ell_{2,1}$", "E_{x∼p}, n^{2/3}, ℓ_{2,1}"),
        # Commands with arguments.
        (r"$\sqrt{T}$, $\sqrt{T+1}$, $\sqrt{dT}$, $\sqrt[3]{x}$", "√T, √(T+1), √(dT), ³√x"),
        (r"$\sqrt{T}n$, $d\sqrt{n}\log n$", "√T n, d√n log n"),
        (r"$\frac{a+b}{2}$, $\frac12$, $\frac{1}{\sqrt{n}}$", "(a+b)/2, 1/2, 1/√n"),
        (r"$\frac{1}{2}x$, $\frac{1}{2n}$, $\frac{1}{n(n+1)}$", "1/2 x, 1/(2n), 1/(n(n+1))"),
        (r"$\log \frac{\pi_\theta(y|x)}{\pi_{ref}(y|x)}$", "log π_θ(y|x)/π_ref(y|x)"),
        (r"$\widetilde{\mathcal{O}}(\sqrt{T})$", "Õ(√T)"),
        (r"$\widetilde{X}$, $\hat{y}_t$", "X\u0303, ŷₜ"),
        (r"$\mathbb{E}[X]$", "E[X]"),
        (r"$\left. x \right|_{t=0}$", "x |ₜ₌₀"),
        (
            r"$O(d_{\mathcal{F}}\log (N_{\mathcal{F}}\cdot T) /(e^\epsilon-1)^2 )$",
            "O(d_F log (N_F·T)/(e^ϵ-1)²)",
        ),
        (
            r"$\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)$",
            "θₜ₊₁ = θₜ - η ∇L(θₜ)",
        ),
        # Other ways to mark a formula, and translated ones.
        (r"\(x^2\), \[y\], $$z$$", "x², y, z"),
        (r"提高$1.56\% $。", "提高1.56%。"),
        # Text macros keep their text, and what is inside is rendered.
        (r"\textbf{bold} and \emph{\textit{both} $x_1$}", "bold and both x₁"),
        (r"{\it old} style, {\bf {x} y}", "old style, {x} y"),
        (r"\textbf{costs $5} and \textbf{$x_{i_j}$}", "costs $5 and x_{iⱼ}"),
        (r"2\textsuperscript{nd}, CO\textsubscript{2}", "2ⁿᵈ, CO₂"),
        (r"\textcolor{red}{x} \textgreater{} y \ldots", "x > y …"),
        (r"\href{https://example.org}{the page}", "the page"),
        (r"\url{https://example.org/a_b}", "https://example.org/a_b"),
        # Accents and letters.
        (r"Poincar\'e, Schr\"odinger, {\"u}ber, H\'{e}non", "Poincaré, Schrödinger, über, Hénon"),
        (r"\v{c}, Erd\H{o}s, Fran\c cois, na\"{\i}ve", "č, Erdős, François, naïve"),
        (r"\L ukasz, S{\o}ren, Stra\ss{}e", "Łukasz, Søren, Straße"),
        # Escaped characters.
        (r"51\%, R\&D, a\_b, \#1, \$5", "51%, R&D, a_b, #1, $5"),
        (r"et al.\ 2020, 10\,000", "et al. 2020, 10 000"),
        # Ties, dashes and quotes.
        ("vs.~68%, Fig.~2, et al.~[3], i.e.~$x$", "vs. 68%, Fig. 2, et al. [3], i.e. x"),
        ("4--6, human--AI, act---which", "4–6, human–AI, act—which"),
        (r"4\%--6\%, $5$--$10$, (RL)--based, \emph{a}--b", "4%–6%, 5–10, (RL)–based, a–b"),
        ("50% -- 60% --- or more", "50% – 60% — or more"),
        ("性能--鲁棒性", "性能–鲁棒性"),
        ("``sweet spots'', 说``引文''的, ``x\"", "“sweet spots”, 说“引文”的, “x”"),
        ("``an agent's $f''(x)$ or `g\nh'''", "“an agent's f′′(x) or `g\nh”'"),
        ("as ''world models'' (''what-if'')", "as “world models” (“what-if”)"),
        ("a `rewrite, retrieve' (`x')", "a ‘rewrite, retrieve’ (‘x’)"),
        (r"``\textbf{a} \`e'', `\%'", "“a è”, ‘%’"),
    ],
)
def test_a_fragment_is_shown_in_unicode(source: str, shown: str) -> None:
    assert render(source) == shown


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a ~ b, a~b, ~70%, 50%, x_1, n^2",
        r"Fig.~\ref{x}, 3.~x, 方法。~x, the end.~",
        "--flag, [--flag], a -> b, a-->b, i--, x-- y, x --y, a----b",
        "--\n---\n----\n",
        "https://example.org/a--b/``c''",
        "``never closed, ``closed`` otherwise, ```code```",
        "``a paragraph\n\nends''",
        "``f$''",
        "closed only'', f'' and g'', a '' b '' c",
        "`code`, `f()`, agents' and `the agent's",
        r"$\method$",
        r"$\方法$",
        r"$\约-0.25$",
        "价值$2亿",
        "价值$2亿的数据，$3",
        "the $ and $ signs",
        "$100 (USD) and $200 (AUD)",
        "$5M-$10M",
        "$5 and $6",
        "$5,$6",
        "costs $5 or so,$ and more",
        "echo $PATH $HOME",
        "$",
        "$$",
        "$ $",
        r"$a_{1$",
        r"$\frac{1}$",
        r"$x_$",
        r"$\sqrt[3$",
        r"$\overset{d}{=}$",
        r"\textsuperscript{a b}",
        r"\"quoted\"",
        r"$\begin{matrix} a & b \end{matrix}$",
        r"\textbf{never closed",
        r"\cite{someone}",
        r"C:\user\documents",
        "a paragraph $ends\n\nand$ another",
        "${" + "{" * 3000 + "}" * 3000 + "}$",
    ],
)
def test_what_is_not_understood_stands_as_in_the_source(source: str) -> None:
    assert render(source) == source


@pytest.mark.parametrize(
    ("source", "shown", "emphases"),
    [
        (r"\textbf{ab} c", "ab c", [("ab", "bold")]),
        (r"{\bf a} {\bfseries b}", "a b", [("a", "bold"), ("b", "bold")]),
        (r"\emph{甲}\textit{b}", "甲b", [("甲", "italic"), ("b", "italic")]),
        (r"{\it a}{\em b}{\sl{c}}", "ab{c}", [("a", "italic"), ("b", "italic"), ("{c}", "italic")]),
        (r"\textsc{Abc} {\sc d}", "Abc d", [("Abc", "caps"), ("d", "caps")]),
        (r"\textbf{a \emph{$x_1$} b}", "a x₁ b", [("a x₁ b", "bold"), ("x₁", "italic")]),
        (r"\textbf{\emph{a}}", "a", [("a", "bold"), ("a", "italic")]),
        (r"\href{u}{the \emph{page}}", "the page", [("page", "italic")]),
        (r"\underline{a} \texttt{b} \mbox{c} \text{d}", "a b c d", []),
        (r"$\mathbf{x}$ $\textbf{y}$", "x y", []),
        (r"\textbf{}", "", []),
        (r"``\emph{a} b'' `\textbf{c}'", "“a b” ‘c’", [("a", "italic"), ("c", "bold")]),
        (r"\textbf{``a''}", "“a”", [("“a”", "bold")]),
        (r"**a** _b_", "**a** _b_", []),
    ],
)
def test_what_is_emphasized_is_said_beside_the_text(
    source: str, shown: str, emphases: list[tuple[str, Emphasis]]
) -> None:
    found = typeset(source)
    assert found.text == shown
    assert [(shown[start:end], what) for start, end, what in found.emphases] == emphases


def test_what_is_not_understood_does_not_hide_what_is() -> None:
    assert render(r"$\method$ gains $51\%$, $\约$, $x_1$") == r"$\method$ gains 51%, $\约$, x₁"
    assert render(r"价值$2亿的量子，其中$T$是") == "价值$2亿的量子，其中T是"
    assert render(r"$\约 0.25$ 和 $x$ 与 $n 约 y$ 及 $z$") == r"$\约 0.25$ 和 x 与 $n 约 y$ 及 z"


@given(st.text().filter(lambda text: not re.search(r"[$\\`]|--|''|\.~", text)))
def test_text_without_latex_is_unchanged(text: str) -> None:
    assert render(text) is text


plain = st.text(st.characters(exclude_characters="$\\{}`'-~", exclude_categories=["Cs", "Nd"]))
fragment = st.sampled_from(
    [
        (r"\textbf{x}", "x"),
        (r"{\em x}", "x"),
        (r"\href{u}{x}", "x"),
        (r"$\beta_1$", "β₁"),
        (r"\(\sqrt{T}\)", "√T"),
        (r"\'{e}", "é"),
        (r"\%", "%"),
        (r"\textsuperscript{2}", "²"),
        ("al.~[3]", "al. [3]"),
        ("x--y", "x–y"),
        (" --- ", " — "),
        ("``x''", "“x”"),
        (" `x' ", " ‘x’ "),
        (r"$\method$", r"$\method$"),
        (r"$\约-0.25$", r"$\约-0.25$"),
    ]
)


@given(st.lists(st.tuples(plain, fragment)), plain)
def test_text_around_fragments_is_kept(
    pairs: list[tuple[str, tuple[str, str]]], after: str
) -> None:
    source = "".join(before + fragment for before, (fragment, _) in pairs) + after
    assert render(source) == "".join(before + shown for before, (_, shown) in pairs) + after


pieces = [
    *"$\\{}[]()_^%&'\"~ \nabc1学,=$}",
    *("--", "``", "''", "a.~", "https://"),
    *(r"\textbf{", r"\emph{", r"{\sc ", r"\alpha", r"\sqrt", r"\frac", r"\le "),
]


@given(st.lists(st.sampled_from(pieces)).map("".join))
def test_any_text_is_typeset_without_an_error(text: str) -> None:
    found = typeset(text)
    assert render(text) == found.text
    assert len(found.text) <= 2 * len(text)
    starts = [start for start, _, _ in found.emphases]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(found.text) for start, end, _ in found.emphases)


@pytest.mark.parametrize(
    "opener",
    [
        r"\(", r"\[", r"\(a", r"\[a ", "$", "$\\a", "$\\a ", r"\textbf{", r"\emph{{", r"{\bf ",
        r"{\bf {} ", r"\href{", r"\href {}", r"\url{", r"\'", r"{\'", r"{\c ", r"\textsuperscript{",
        "$学", "$5 or ", "{", "``", "``a ", "``$5 ", "``a\n ", " ''a", "(''$5 ", " `a", "'", "a-",
        "https://",
    ],
)  # fmt: skip
def test_openers_that_nothing_closes_take_no_more_time_each(opener: str) -> None:
    source = opener * 40_000
    before = time.process_time()
    assert render(source) == source
    # A second or less: looking through all that follows each of them takes half a minute.
    assert time.process_time() - before < 8


@pytest.mark.parametrize(
    "source",
    [
        "${}$".format("{" * 40_000 + "}" * 40_000),
        "${}$".format("x_{" * 40_000 + "}" * 40_000),
        "${}$".format("_{a} " * 40_000),
        "${}$".format(" + " * 40_000),
        "$a{}b$".format(" " * 40_000),
        "$x_{F}$" * 40_000,
        r"\textbf{" * 40_000 + "}" * 40_000,
        "``x'' " * 40_000,
        "``{}x''".format("$x$ " * 40_000),
        r"{\bf" + " " * 40_000,
    ],
    ids=[
        *("braces", "scripts", "names", "operators", "spaces", "formulas", "styles"),
        *("quotes", "quoted", "blanks"),
    ],
)
def test_a_long_fragment_takes_no_more_time_a_character(source: str) -> None:
    before = time.process_time()
    typeset(source)
    assert time.process_time() - before < 8


def test_text_without_commands_never_loads_the_table_of_symbols() -> None:
    code = (
        "import sys; from digest_tui.latex import render; render('a $n^2$ 51\\\\%');"
        "assert not any(name.startswith('pylatexenc') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
