"""`predict`: readings of single pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from facecam.commands.output import (
    HeadWords,
    describe_reading,
    ends_well,
    english_words,
    only_json_on_stdout,
    print_json,
    progress,
)


@ends_well
def predict(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Picture files.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model package; face-stats if left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read the faces of one or more pictures.

    Example:

      python -m facecam predict holiday.jpg portrait.png --json
    """
    from facecam.commands.pipeline_parts import load_estimator
    from facecam.pipeline.lazy_detector import LazyDetector
    from facecam.pipeline.predict import predict_pictures
    from facecam.vision.refined_detector import face_detector

    with only_json_on_stdout(json):
        estimator = load_estimator(model)
        words = english_words(estimator.package.heads)
        warnings = estimator.package.warnings("en")
        detector = LazyDetector(face_detector)
        try:
            with progress("Reading", "pictures") as report:
                record = predict_pictures(images, detector, estimator, progress=report)
        finally:
            detector.close()
            estimator.close()
    if json:
        print_json(record)
    else:
        for line in (*_lines(record, words), *warnings):
            typer.echo(line)


def _lines(record: dict[str, Any], words: Mapping[str, HeadWords]) -> list[str]:
    lines = []
    for image in record["images"]:
        faces = image["faces"]
        count = "1 face" if len(faces) == 1 else f"{len(faces) or 'no'} faces"
        if faces and faces[0]["score"] is None:
            count = "the whole picture"
        lines.append(f"{image['path']}: {count}")
        for number, face in enumerate(faces, 1):
            x, y, width, height = (round(value) for value in face["box_xywh"])
            lines.append(f"  {number}. {width}x{height} px at {x}, {y}")
            lines += [
                f"     {words[name].title}: {describe_reading(reading, words[name])}"
                for name, reading in face["heads"].items()
            ]
    return lines
