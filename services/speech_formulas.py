# ruff: noqa: RUF001  (the signs people write are this module's matter)
"""LaTeX's commands, which models write in formulas, as the signs they stand for."""

import re
from types import MappingProxyType
from typing import Final

from services.speech_marks import Kind, Mark

_OPERATORS: Final = (
    "times × cdot × div ÷ pm ± leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ to → rightarrow → "
    "Rightarrow ⇒ implies ⇒"
)
_LETTERS: Final = (
    "sqrt √ infty ∞ circ ° degree ° sum ∑ prod ∏ int ∫ partial ∂ alpha α beta β gamma γ delta δ "
    "epsilon ε theta θ lambda λ mu μ pi π rho ρ sigma σ tau τ phi φ psi ψ omega ω Gamma Γ Delta Δ "
    "Theta Θ Lambda Λ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω"
)
_SILENT: Final = (
    "frac dfrac tfrac text textbf textit mathrm mathbf mathbb mathcal boxed left right quad qquad "
    "big Big bigl bigr displaystyle"
)


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SIGNS: Final = MappingProxyType(
    {name: f" {sign} " for name, sign in _pairs(_OPERATORS).items()}
    | _pairs(_LETTERS)
    | dict.fromkeys(_SILENT.split(), "")
)
_LONGEST: Final = max(map(len, _SIGNS))
_NAME: Final = re.compile(rf"\\([A-Za-z]{{1,{_LONGEST}}})(?![A-Za-z])")
_NAME_BEGUN: Final = re.compile(rf"\\[A-Za-z]{{1,{_LONGEST}}}\Z")
_FRAME: Final = re.compile(r"\\(?:begin|end)\{[a-z]{1,12}\*?\}")
_FRAME_BEGUN: Final = re.compile(r"\\(?:begin|end)(?:\{(?:[a-z]{0,12}\*?)?)?\Z")


def read_command(text: str, at: int, end: int, *, final: bool) -> Mark | None:
    r"""Read "\\times" as its sign; an empty Mark for what is no command: "C:\\text". None: wait."""
    if not final and (_NAME_BEGUN.match(text, at, end) or _FRAME_BEGUN.match(text, at, end)):
        return None
    if frame := _FRAME.match(text, at, end):
        return Mark(frame.end(), kind=Kind.ASIDE)
    name = _NAME.match(text, at, end)
    sign = _SIGNS.get(name[1]) if name else None
    in_path = at > 0 and (text[at - 1] == ":" or (not sign and text[at - 1].isalpha()))
    return Mark(at) if name is None or sign is None or in_path else Mark(name.end(), sign)
