"""LaTeX fragments: what is understood, and that all else stands as it stood."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.latex import render


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # Letters, symbols, operators.
        (r"$n$", "n"),
        (r"$\epsilon$-greedy", "ϵ-greedy"),
        (r"$O(\cdot)$", "O(·)"),
        (r"$\sim 70%$", "∼70%"),
        (r"$\sim$200M", "∼200M"),
        (r"$3\times 10^5$", "3×10⁵"),
        (r"$\alpha \in A$", "α∈A"),
        (r"$a \leq b$", "a ≤ b"),
        (r"$d\log N$", "d log N"),
        (r"$\max_x f(x)$", "maxₓ f(x)"),
        (r"$\{1,\ldots,n\}$", "{1,…,n}"),
        (r"$\|x\|_2$", "‖x‖₂"),
        # Sub- and superscripts, where every character has a small one.
        (r"$x_1$ and $n^2$", "x₁ and n²"),
        (r"$10^{-3}$", "10⁻³"),
        (r"$N_{max}$", "Nₘₐₓ"),
        (r"$90^\circ$", "90°"),
        (r"$n^{foo}$", "n^{foo}"),
        (r"$d_{\mathcal{F}}$", "d_F"),
        (r"$e^{-\lambda t}$", "e^{-λt}"),
        # Commands with arguments.
        (r"$\sqrt{T}$", "√T"),
        (r"$\sqrt{T+1}$", "√(T+1)"),
        (r"$\frac{a+b}{2}$", "(a+b)/2"),
        (r"$\widetilde{\mathcal{O}}(\sqrt{T})$", "Õ(√T)"),
        (r"$\widetilde{X}$", "X\u0303"),
        (r"$\mathbb{E}[X]$", "E[X]"),
        (r"$D_{\mathrm{KL}}(p\|q)$", "D_{KL}(p‖q)"),
        (r"$O(d_{\mathcal{F}}\log (N_{\mathcal{F}}\cdot T))$", "O(d_F log (N_F·T))"),
        # Other ways to mark a formula, and translated ones.
        (r"\(x^2\), \[y\], $$z$$", "x², y, z"),
        (r"提高$1.56\% $。", "提高1.56%。"),
        # Text macros keep their text, and what is inside is rendered.
        (r"\textbf{bold} and \emph{\textit{both} $x_1$}", "bold and both x₁"),
        (r"{\it old} style", "old style"),
        (r"\href{https://example.org}{the page}", "the page"),
        (r"\url{https://example.org/a_b}", "https://example.org/a_b"),
        # Accents and letters.
        (r"Poincar\'e, Schr\"odinger, {\"u}ber, H\'{e}non", "Poincaré, Schrödinger, über, Hénon"),
        (r"\v{c}, Erd\H{o}s, Fran\c cois, na\"{\i}ve", "č, Erdős, François, naïve"),
        (r"\L ukasz, S{\o}ren, Stra\ss{}e", "Łukasz, Søren, Straße"),
        # Escaped characters.
        (r"51\%, R\&D, a\_b, \#1, \$5", "51%, R&D, a_b, #1, $5"),
    ],
)
def test_a_fragment_is_shown_in_unicode(source: str, shown: str) -> None:
    assert render(source) == shown


@pytest.mark.parametrize(
    "source",
    [
        "",
        "a ~ b, 50% -- 60%, x_1, n^2",
        r"$\method$",
        r"$\方法$",
        r"$\约-0.25$",
        "价值$2亿",
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
        r"$\sqrt[3]{x}$",
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


def test_what_is_not_understood_does_not_hide_what_is() -> None:
    assert render(r"$\method$ gains $51\%$, $\约$, $x_1$") == r"$\method$ gains 51%, $\约$, x₁"


@given(st.text().filter(lambda text: not set(text) & set("$\\")))
def test_text_without_latex_is_unchanged(text: str) -> None:
    assert render(text) is text


plain = st.text(st.characters(exclude_characters="$\\{}", exclude_categories=["Cs", "Nd"]))


@given(plain, plain)
def test_text_around_a_fragment_is_kept(before: str, after: str) -> None:
    assert render(f"{before}\\textbf{{x}}{after}") == f"{before}x{after}"
    assert render(f"{before}$\\beta_1${after}") == f"{before}β₁{after}"


@given(st.text(st.sampled_from("$\\{}[]()_^%&'\"~ \nabc1学alphsqrt")))
def test_any_text_is_rendered_without_an_error(text: str) -> None:
    assert len(render(text)) <= 2 * len(text)


@pytest.mark.parametrize(
    "opener",
    [
        r"\(", r"\[", r"\(a", r"\[a ", "$", "$\\a", "$\\a ", r"\textbf{", r"\emph{{", r"{\bf ",
        r"\href{", r"\href {}", r"\url{", r"\'", r"{\'", r"{\c ",
    ],
)  # fmt: skip
def test_openers_that_nothing_closes_take_no_more_time_each(opener: str) -> None:
    source = opener * 40_000
    before = time.process_time()
    assert render(source) == source
    # A second or less: looking through all that follows each of them takes half a minute.
    assert time.process_time() - before < 8


def test_text_without_commands_never_loads_the_table_of_symbols() -> None:
    code = (
        "import sys; from digest_tui.latex import render; render('a $n^2$ 51\\\\%');"
        "assert not any(name.startswith('pylatexenc') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
