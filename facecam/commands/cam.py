"""`cam`: which parts of a picture speak for an answer."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from facecam.commands.output import ends_well, only_json_on_stdout, print_json, progress


@ends_well
def cam(
    image: Annotated[Path, typer.Argument(metavar="IMAGE|FOLDER", help="Picture, or pictures.")],
    heads: Annotated[
        list[str],
        typer.Option(
            "--head",
            metavar="HEAD[:CLASS]",
            help="What to explain; may be repeated; HEAD:* is every class.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="PNG|DIR", help="One panel, or a folder for every picture of it."),
    ],
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="Package or training run; face-stats if left out."),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="METHOD",
            help="cam (as live; if left out), gradcam, gradcam++, hirescam, layercam, scorecam, "
            "scorecam-blurred.",
        ),
    ] = None,
    layers: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            metavar="LAYER",
            help="Convolution layer by name; the last one if left out. Others need model.keras.",
        ),
    ] = None,
    on: Annotated[
        Literal["logits", "probabilities"],
        typer.Option(
            help="Explain what is before or after softmax and sigmoid. Probabilities also count "
            "what speaks against the other classes, and fade where the model is sure."
        ),
    ] = "logits",
    colours: Annotated[
        Literal["viridis", "cividis", "inferno", "turbo", "jet"],
        typer.Option(help="Colours of the map."),
    ] = "viridis",
    signed: Annotated[
        bool, typer.Option("--signed", help="Also show what speaks against, in blue.")
    ] = False,
    max_channels: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Let scorecam use the N liveliest channels only."),
    ] = None,
    faithfulness: Annotated[
        bool | None,
        typer.Option(help="Measure deletion and insertion; done with --json if left out."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show which parts of a picture speak for an answer of the model.

    Example:

      python -m facecam cam portrait.jpg --head smile --head age --out why.png
      python -m facecam cam photos --head 'gender:*' --method gradcam --method scorecam --out why
    """
    from facecam.commands.pipeline_parts import choose_model
    from facecam.recording.output_file import refuse_to_replace
    from facecam.training.explain.loading import open_model
    from facecam.training.explain.map_files import MapFiles, pictures_in
    from facecam.training.explain.methods import parse_method
    from facecam.training.explain.panels import Look
    from facecam.training.explain.pictures import MapRequest
    from facecam.training.explain.targets import parse_wanted

    refuse_to_replace([image], [out])
    with only_json_on_stdout(json):
        chosen = tuple(parse_method(name) for name in methods or ["cam"])
        paths, files = pictures_in(image), MapFiles(out, several=image.is_dir())
        explained = open_model(choose_model(model), layers or ["last"])
        facts = explained.facts
        request = MapRequest(
            wanted=tuple(
                parse_wanted(
                    text,
                    facts.heads,
                    on_probability=on == "probabilities",
                    temperatures=facts.temperatures,
                )
                for text in heads
            ),
            methods=tuple(dict.fromkeys(chosen)),
            layers=tuple(dict.fromkeys(explained.layer(name) for name in layers or ["last"])),
            faithfulness=json if faithfulness is None else faithfulness,
            max_channels=max_channels,
        )
        try:
            images = _explain(paths, explained, request, files, Look(colours, signed))
        finally:
            explained.close()
    if json:
        print_json(
            {
                "model": facts.name,
                "images": images,
                "out": [str(path) for path in files.written],
            }
        )
        return
    for line in _lines(images, files.written):
        typer.echo(line)


def _explain(
    paths: list[Path],
    model: Any,
    request: Any,
    files: Any,
    look: Any,
) -> list[dict[str, Any]]:
    """Explain and write every picture; return what `--json` says of them.

    Args:
        paths: Pictures.
        model: `explain.explained.ExplainedModel`; training is only imported inside functions here.
        request: `explain.pictures.MapRequest`.
        files: `explain.map_files.MapFiles`.
        look: `explain.panels.Look`.
    """
    from facecam.capture.pictures import read_picture
    from facecam.pipeline.lazy_detector import LazyDetector
    from facecam.training.explain.pictures import explain_picture, face_record, no_face
    from facecam.vision.refined_detector import face_detector

    detector = LazyDetector(face_detector)
    images: list[dict[str, Any]] = []
    try:
        with progress("Explaining", "runs") as report:
            for number, path in enumerate(paths):
                image_bgr = read_picture(path)
                faces = explain_picture(
                    image_bgr, detector, model, request, t_s=float(number), progress=report
                )
                if faces:
                    files.write(path, image_bgr, faces, look)
                images.append({"path": str(path), "faces": [face_record(face) for face in faces]})
    finally:
        detector.close()
    if not any(image["faces"] for image in images):
        raise no_face(paths[0] if len(paths) == 1 else f"or pictures of {paths[0].parent}")
    return images


def _lines(images: list[dict[str, Any]], written: list[Path]) -> list[str]:
    lines = []
    for image in images:
        count = len(image["faces"])
        lines.append(f"{image['path']}: {count or 'no'} face{'' if count == 1 else 's'}")
        for number, face in enumerate(image["faces"], 1):
            for item in face["maps"]:
                named = item["class"] not in ("", item["head"])
                what = f"{item['head']}:{item['class']}" if named else item["head"]
                x, y = item["max_picture_xy"]
                lines.append(
                    f"  {number}. {what} ({item['explains']} {item['value']:.2f}), "
                    f"{item['method']} at {item['layer']}: most at {x:.0f}, {y:.0f}"
                )
                worth = item.get("faithfulness")
                if worth:
                    lines.append(
                        f"     deletion {worth['deletion']:.2f}, insertion "
                        f"{worth['insertion']:.2f}, p {worth['p_value']:.3f}"
                    )
    return [*lines, *(f"wrote {path}" for path in written[:8]), *_rest(written)]


def _rest(written: list[Path]) -> list[str]:
    more = len(written) - 8
    return [f"and {more} more in {written[0].parent}"] if more > 0 else []
