"""The part of the evaluation report that says where class activation maps lie against masks."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from facecam.training.card_tables import SUBSETS
from facecam.training.explain.methods import TITLES
from facecam.training.report_page import number_text, span_text

_COLUMNS = {
    "pointing": ("Pointing", "the largest value lies in the mask"),
    "mass_in_mask": ("Mass in mask", "share of what speaks for the class"),
    "iou": ("IoU, best threshold", "threshold of the other half of the subjects"),
    "iou_fixed": ("IoU, fixed", "threshold at half of the largest value"),
}
_LIKE_OTHERS = ("gradcam", "gradcam++", "hirescam")  # rank places as CAM or LayerCAM do
_WORDS = (
    "Under each figure: its 95% interval; the same of a Gaussian in the middle of the picture, "
    "which knows nothing of it; and of a map that is the same everywhere. A figure is marked when "
    "it is not clearly above the Gaussian's on the same pictures."
)


def map_tables(methods: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of one head; "" where its maps were not compared with masks.

    Args:
        methods: By method what `localization.localization_figures` gives, with "subsets" and
            "follows": "cam" of a head in metrics.json.
    """
    if not methods:
        return ""
    rows = [("", method, figures) for method, figures in methods.items()]
    subsets = [
        (SUBSETS.get(name, name), method, figures)
        for method, whole in methods.items()
        if method not in _LIKE_OTHERS or "cam" not in methods
        for name, figures in (whole.get("subsets") or {}).items()
    ]
    subsets.sort(key=lambda row: row[0])
    ways = [
        f"{TITLES.get(method, method)} {figures['follows']:.2f}"
        for method, figures in methods.items()
        if figures.get("follows") is not None
    ]
    parts = ["<h3>Where its maps lie</h3>", f"<p>{_WORDS}</p>", _table(rows)]
    if subsets:
        parts += ["<h3>Where the middle is a bad guess</h3>", _table(subsets)]
    if ways:
        parts.append(
            "<p>How far maps move with shifted pictures (1 is all the way): "
            f"{html.escape(', '.join(ways))}.</p>"
        )
    return "".join(parts)


def _table(rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
    which = "<th>Pictures</th>" if rows[0][0] else ""
    heads = "".join(f"<th>{name}<small>{words}</small></th>" for name, words in _COLUMNS.values())
    lines = []
    for subset, method, figures in rows:
        first = f'<th scope="row">{html.escape(subset)}</th>' if which else ""
        title = html.escape(TITLES.get(method, method))
        name = f"<td>{title}</td>" if which else f'<th scope="row">{title}</th>'
        cells = "".join(_cell(figures, key) for key in _COLUMNS)
        lines.append(f"<tr>{first}{name}<td>{figures.get('n', 0)}</td>{cells}</tr>")
    return (
        f'<div class="scroll"><table><thead><tr>{which}<th>Method</th><th>Masks</th>{heads}</tr>'
        f"</thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _cell(figures: Mapping[str, Any], key: str) -> str:
    gain = figures.get("ci", {}).get(f"{key}_gain")
    poor = ' class="poor"' if gain is not None and not gain[0] > 0 else ""
    return (
        f"<td{poor}>{number_text(figures.get(key))}<small>{span_text(figures, key)}</small>"
        f"<small>middle {number_text(figures.get(f'{key}_baseline'))}</small>"
        f"<small>even {number_text(figures.get(f'{key}_uniform'))}</small></td>"
    )
