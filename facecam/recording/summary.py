"""A recorded session on one page: HTML with plots, no scripts, nothing loaded from elsewhere."""

import statistics
from collections import Counter
from collections.abc import Sequence
from html import escape

from facecam.recording.session_records import RecordedHead, RecordedSession, TrackSpan
from facecam.recording.svg_plots import COLOURS, Series, plot, spans
from facecam.types import (
    ExpectationReading,
    FaceAnalysis,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
)

MAX_TRACKS = 24
"""So many faces have plots, those seen longest."""
_BREAK_S = 1.0  # a face that was away longer has an interrupted line
Moments = Sequence[tuple[float, FaceAnalysis]]

_STYLE = """
:root{color-scheme:light dark;--ink:#1d232b;--soft:#5d6875;--line:#d9dee4;--paper:#fff;--gap:#0001}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebef;--soft:#9aa5b1;--line:#3a424c;--paper:#161a1f;
--gap:#fff1}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}
h3{font-size:.95rem;margin:.8rem 0 0;font-weight:600}
p,dd,dt{margin:0}.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:var(--soft)}
svg{width:100%;height:auto;display:block;font:11px system-ui,sans-serif}
svg text{fill:var(--soft)}.grid{stroke:var(--line);stroke-width:1}.gap{fill:var(--gap)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 .9em}
table{border-collapse:collapse}td,th{padding:.1rem 1rem .1rem 0;text-align:left;font-weight:400}
th{color:var(--soft)}section{break-inside:avoid}
"""


def summary_page(session: RecordedSession) -> str:
    """Return the page as HTML."""
    header = session.header
    end_s = max((row.t_s for row in session.rows), default=0.0)
    begin_s = min((row.t_s for row in session.rows), default=0.0)
    span = (begin_s, max(end_s, begin_s + 1.0))
    shaded = [(gap.from_t_s, gap.to_t_s) for gap in session.gaps if gap.why in ("pause", "lost")]
    longest = sorted(session.tracks, key=lambda track: -track.frames)[:MAX_TRACKS]
    shown = sorted(longest, key=lambda track: track.track)
    moments: dict[int, list[tuple[float, FaceAnalysis]]] = {item.track: [] for item in shown}
    for analysis in session.analyses:
        for face in analysis.faces:
            if face.track in moments:
                moments[face.track].append((analysis.source_s, face))
    title = header.folder.name.removesuffix(".session")
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        _facts(session, end_s - begin_s),
    ]
    if shown:
        parts.append("<h2>Who was seen when</h2>")
        rows = [(_name(item), item.first_t_s, item.last_t_s) for item in shown]
        parts.append(spans(rows, span, shaded=shaded))
    if len(session.tracks) > len(shown):
        parts.append(f'<p class="soft">and {len(session.tracks) - len(shown)} seen shorter</p>')
    for item in shown:
        parts.append(_track(item, moments[item.track], header.heads, shaded))
    parts.append(
        '<p class="soft" style="margin-top:3rem">Readings are a model’s guesses from '
        "pictures. Lines are interrupted where it could not tell. Grey: paused, or no picture.</p>"
    )
    parts.append("</body></html>\n")
    return "\n".join(parts)


def _facts(session: RecordedSession, seconds: float) -> str:
    header = session.header
    dropped = Counter(row.dropped for row in session.rows if row.dropped)
    recorded = len(session.recorded)
    where = ", ".join(f"{count} {why}" for why, count in sorted(dropped.items()))
    model = f"{header.model} {header.model_version}".strip() or "none"
    facts = {
        "Recorded": header.started_utc.replace("T", " ").partition(".")[0] + " UTC",
        "Source": f"{header.source_name}, {header.size_wh[0]}×{header.size_wh[1]}",
        "Length": f"{seconds:.1f} s, {session.duration_s:.1f} s of it in the video",
        "Model": model,
        "Frames": f"{len(session.rows)} captured, {recorded} recorded, "
        f"{len(session.analyses)} analysed" + (f"; not recorded: {where}" if where else ""),
        "Faces": f"{len(session.tracks)} different",
        "App": f"facecam {header.app_version}",
    }
    if session.killed:
        facts["Ended"] = "The program was ended while it recorded; what was written is here."
    elif header.ended is not None and header.ended.get("why") == "failed":
        facts["Ended"] = str(header.ended.get("message", ""))
    items = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in facts.items())
    return f"<dl>{items}</dl>"


def _track(
    span: TrackSpan,
    moments: Moments,
    heads: Sequence[RecordedHead],
    shaded: Sequence[tuple[float, float]],
) -> str:
    x_range = (span.first_t_s, max(span.last_t_s, span.first_t_s + 1.0))
    parts = [
        f"<section><h2>{escape(_name(span))}</h2>",
        f'<p class="soft">{span.frames} frames over {span.last_t_s - span.first_t_s:.1f} s</p>',
    ]
    table = []
    for head in heads:
        readings = [(t_s, face.readings.get(head.name)) for t_s, face in moments]
        known = [reading for _, reading in readings if reading is not None]
        if not known:
            continue
        table.append(
            f"<tr><th>{escape(_title(head.name))}</th><td>{escape(usual(known))}</td></tr>"
        )
        parts.append(_plot(head, readings, x_range, shaded))
    parts.insert(2, f"<table>{''.join(table)}</table>" if table else "<p>No readings.</p>")
    parts.append("</section>")
    return "".join(parts)


def _plot(
    head: RecordedHead,
    readings: Sequence[tuple[float, Reading | None]],
    x_range: tuple[float, float],
    shaded: Sequence[tuple[float, float]],
) -> str:
    title = _title(head.name)
    if head.kind == "expectation":
        rows = [(t_s, item) for t_s, item in readings if isinstance(item, ExpectationReading)]
        numbers = [bound for _, item in rows for bound in (item.low, item.high)]
        low, high = min(numbers, default=0.0), max(numbers, default=1.0)
        line = Series(
            head.name,
            _broken([(t_s, None if item.unsure else item.value) for t_s, item in rows]),
            COLOURS[1],
            [(t_s, item.low, item.high) for t_s, item in rows],
        )
        return f"<h3>{escape(title)}</h3>" + plot(
            [line], x_range, (_down(low), _up(high)), title=title, shaded=shaded
        )
    names = [str(name) for name in head.classes] if len(head.classes) > 1 else [head.name]
    names = names[: len(COLOURS)]
    series = [
        Series(
            name,
            _broken([(t_s, _share(item, name)) for t_s, item in readings]),
            COLOURS[number % len(COLOURS)],
        )
        for number, name in enumerate(names)
    ]
    keys = ""
    if len(names) > 1:
        keys = "".join(
            f'<span class="key" style="background:{item.colour}"></span>{escape(item.name)}'
            for item in series
        )
    return f"<h3>{escape(title)}{keys}</h3>" + plot(
        series, x_range, (0.0, 1.0), title=title, shaded=shaded, percent=True
    )


def usual(readings: Sequence[Reading]) -> str:
    """Return in a few words what readings of one head mostly said."""
    sure = [reading for reading in readings if not reading.unsure]
    if 2 * len(sure) < len(readings):
        reasons = Counter(reading.unsure for reading in readings if reading.unsure)
        return f"can’t tell ({reasons.most_common(1)[0][0]})"
    values = [item.value for item in sure if isinstance(item, ExpectationReading)]
    if values:
        return f"{statistics.median(values):.0f}"
    labels = Counter(item.label for item in sure if isinstance(item, SoftmaxReading))
    if labels:
        label, count = labels.most_common(1)[0]
        return f"{label} ({100 * count / len(sure):.0f}% of the time)"
    answers = [item.on for item in sure if isinstance(item, SigmoidReading)]
    if answers:
        return f"yes {100 * sum(answers) / len(answers):.0f}% of the time"
    on = Counter(name for item in sure if isinstance(item, MultiSigmoidReading) for name in item.on)
    often = [name for name, count in on.most_common() if 2 * count > len(sure)]
    return ", ".join(often) or "none"


def _share(reading: Reading | None, name: str) -> float | None:
    match reading:
        case SoftmaxReading() | MultiSigmoidReading():
            return None if reading.unsure else reading.probs.get(name)
        case SigmoidReading():
            return None if reading.unsure else reading.p
    return None


def _broken(points: Sequence[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    """Return the points with an interruption wherever the face was away."""
    result: list[tuple[float, float | None]] = []
    for t_s, value in points:
        if result and t_s - result[-1][0] > _BREAK_S:
            result.append((t_s, None))
        result.append((t_s, value))
    return result


def _name(span: TrackSpan) -> str:
    return f"Face {span.track}" if span.track else "Whole picture"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _down(value: float) -> float:
    return float(10 * (value // 10))


def _up(value: float) -> float:
    return float(10 * (value // 10 + 1))
