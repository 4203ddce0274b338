"""The checklist as a LaTeX document: one long table, with booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from minicvt.verify.equations.words import Judged, by_paper, decisive

START = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage{amsmath,amssymb,booktabs,longtable,array}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\begin{document}
\footnotesize
\begin{longtable}{L{24mm}L{36mm}L{80mm}L{26mm}L{72mm}}
\toprule
claim & where & says & verdict & decided by \\
\midrule
\endhead
\bottomrule
\endfoot"""
END = r"""\end{longtable}
\end{document}"""
SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def document(found: Sequence[Judged]) -> str:
    """Write a document that compiles as it stands."""
    lines = [START]
    for heading, group in by_paper(found).items():
        lines.append(rf"\multicolumn{{5}}{{l}}{{\textbf{{{escaped(heading)}}}}} \\")
        lines += [row(one) for one in group]
        lines.append(r"\midrule")
    return "\n".join([*lines[:-1], END])


def row(one: Judged) -> str:
    """Write one claim as a row."""
    claim, verdict = one.claim, one.verdict
    decided = r" \newline ".join(escaped(line) for line in decisive(claim, verdict))
    said = rf"{escaped(claim.says)} \newline \(\displaystyle {claim.latex}\)"
    columns = (escaped(claim.id), escaped(claim.where), said, escaped(verdict.kind))
    return " & ".join([*columns, decided]) + r" \\"


def escaped(text: str) -> str:
    """Make text that LaTeX takes literally."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)
