"""`manifest`: make the CSV that names pictures, splits and labels from how people have them."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from facecam.commands.output import ends_well, only_json_on_stdout, print_json, progress

manifest = typer.Typer(
    help="Make a manifest of labelled pictures from folders, file names, data sets or a CSV.",
    no_args_is_help=True,
)

Draft = Any  # facecam.training.manifest_draft.Draft, which only a running command imports
Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder or file with the labels.")]
Column = Annotated[str, typer.Option(help="Name of the label column.")]
Folder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The pictures, if not beside the file.")
]

NoCheck = Annotated[
    bool, typer.Option("--no-check", help="Do not read the files: finds no duplicates.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the report as one object.")]


def _write(
    draft_of: Callable[[], Draft],
    out: Annotated[Path, typer.Option("--out", metavar="CSV", help="Manifest to write.")],
    val_share: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="For validation, if the source has none.")
    ] = 0.2,
    test_share: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="For the test, if the source has none.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Chooses who goes where, and what is sampled.")] = 0,
    resplit: Annotated[
        bool, typer.Option("--resplit", help="Forget the splits of the source.")
    ] = False,
    balance: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Sub-sample the training pictures until every combination of these labels is "
            "equally frequent.",
        ),
    ] = None,
    per_cell: Annotated[
        int | None,
        typer.Option(min=1, help="Pictures of each combination; if left out, the rarest one's."),
    ] = None,
    one_vs_all: Annotated[
        bool, typer.Option("--one-vs-all", help="Write one 0/1 column for each class.")
    ] = False,
    drop_duplicates: Annotated[
        bool,
        typer.Option("--drop-duplicates", help="Keep one of identical files, none on conflict."),
    ] = False,
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Write and report what a maker found. Every maker has these options."""
    from facecam.training.manifest_maker import MakerWish, make_manifest
    from facecam.training.manifest_report import report_lines
    from facecam.training.splits import Balance, SplitWish

    columns = tuple(name.strip() for name in (balance or "").split(",") if name.strip())
    if per_cell is not None and not columns:
        raise typer.BadParameter("--per-cell needs --balance A,B", param_hint="--per-cell")
    wish = MakerWish(
        split=SplitWish(val_share, test_share, seed, resplit),
        balance=Balance(columns, per_cell, seed) if columns else None,
        one_vs_all=one_vs_all,
        drop_duplicates=drop_duplicates,
        look=not no_check,
    )
    with only_json_on_stdout(json):
        draft = draft_of()
        with progress("Looking at", "pictures") as report_progress:
            report = make_manifest(draft, out, wish, report_progress)
    if json:
        print_json(report)
        return
    for line in (*report["notes"], *report_lines(report), f"Written to {out}"):
        typer.echo(line)


def _maker(name: str) -> Callable[[Callable[..., Draft]], Callable[..., Draft]]:
    """Register a function that returns a draft as a command with the options of `_write` too."""
    shared = list(inspect.signature(_write).parameters.values())[1:]

    def register(draft_of: Callable[..., Draft]) -> Callable[..., Draft]:
        own = list(inspect.signature(draft_of).parameters.values())

        @ends_well
        def command(**options: Any) -> None:
            from facecam.recording.output_file import refuse_to_replace

            mine = {parameter.name: options.pop(parameter.name) for parameter in own}
            refuse_to_replace(
                [value for value in mine.values() if isinstance(value, Path) and value.is_file()],
                [options["out"]],
            )
            _write(lambda: draft_of(**mine), **options)

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        command.__doc__ = draft_of.__doc__
        manifest.command(name)(command)
        return draft_of

    return register


@_maker("folders")
def _folders(
    source: Source,
    column: Column = "class",
    subject_pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Its first group in a file's name is the subject."),
    ] = None,
) -> Draft:
    """Class folders, flat or below Train, Validation and Test.

    Example:

      python -m facecam manifest folders cats --column cat --out cats/manifest.csv
    """
    from facecam.training.manifest_folders import from_folders

    return from_folders(source, column, subject_pattern)


@_maker("filenames")
def _filenames(
    source: Source,
    column: Column = "class",
    pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Named groups become columns; default: label_12."),
    ] = None,
) -> Draft:
    """Labels in file names, as athlete_12.jpg.

    Examples:

      python -m facecam manifest filenames pictures --one-vs-all --out pictures/manifest.csv

      python -m facecam manifest filenames pictures --pattern '(?P<cat>.+?)-(?P<subject>.+)-.+'
      --out pictures/manifest.csv
    """
    from facecam.training.manifest_filenames import from_filenames

    return from_filenames(source, column, pattern)


@_maker("utkface")
def _utkface(source: Source) -> Draft:
    """UTKFace's names: age_gender_race_date.jpg.

    Example:

      python -m facecam manifest utkface UTKFace --out UTKFace/manifest.csv
    """
    from facecam.training.manifest_utkface import from_utkface

    return from_utkface(source)


@_maker("imdb-wiki")
def _imdb_wiki(source: Source, folder: Folder = None) -> Draft:
    """IMDB-WIKI's imdb.mat or wiki.mat: one good face, age 0 to 100, gender known.

    Example:

      python -m facecam manifest imdb-wiki wiki_crop/wiki.mat --out wiki_crop/manifest.csv
    """
    from facecam.training.manifest_imdb_wiki import from_imdb_wiki

    return from_imdb_wiki(source, folder)


@_maker("celeba")
def _celeba(source: Source, folder: Folder = None) -> Draft:
    """CelebA's list_attr_celeba.txt, with its partition and identities if they lie beside it.

    Example:

      python -m facecam manifest celeba CelebA/list_attr_celeba.txt --balance gender,smile
      --per-cell 550 --out CelebA/manifest.csv
    """
    from facecam.training.manifest_celeba import from_celeba

    return from_celeba(source, folder)


@_maker("csv")
def _csv(
    source: Source,
    image: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Names the pictures; path, image_id, ...")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="[NEW=]COLUMN", help="A label; all others if left out."),
    ] = None,
    subject_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Who is shown; never straddles splits.")
    ] = None,
    folder: Annotated[
        str, typer.Option(metavar="DIR", help="Where the names start, seen from the CSV.")
    ] = "",
    extension: Annotated[
        str | None, typer.Option(metavar="jpg", help="Ending of names that have none.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="As cp949; UTF-8 if left out.")] = None,
    join: Annotated[
        Path | None, typer.Option(metavar="CSV", help="A second table with the labels.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of SOURCE to find in --join.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Column of --join; the one called as --on, else its first."
        ),
    ] = None,
) -> Draft:
    """A plain CSV: pictures and labels, optionally joined with a second table.

    Examples:

      python -m facecam manifest csv HAM10000_metadata.csv --image image_id
      --subject-column lesion_id --folder images --extension jpg --out ham10000/manifest.csv

      python -m facecam manifest csv gt_avg_valid.csv --folder valid --label real_age
      --label apparent_age=apparent_age_avg --out manifest.csv

      python -m facecam manifest csv lfw/manifest.csv --join people.csv --on subject
      --resplit --out five_stats/manifest.csv
    """
    from facecam.training.manifest_csv import CsvLayout, Join, from_csv

    if (join is None) != (on is None):
        raise typer.BadParameter("--join and --on go together", param_hint="--join")
    layout = CsvLayout(image, tuple(label or ()), subject_column, folder, extension, encoding)
    return from_csv(source, layout, Join(join, on, key) if join and on else None)


@manifest.command()
@ends_well
def check(
    source: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="CSV, its folder, or class folders.")
    ],
    subject_column: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who or what is shown.")
    ] = "subject",
    no_check: NoCheck = False,
    json: Json = False,
) -> None:
    """Report on a manifest that is there: counts, bad files, duplicates, leaks across splits.

    Example:

      python -m facecam manifest check ham10000/manifest.csv --subject-column lesion_id
    """
    from facecam.training.manifest import read_manifest
    from facecam.training.manifest_report import manifest_report, report_lines
    from facecam.training.picture_checks import check_pictures

    with only_json_on_stdout(json):
        found = read_manifest(source, subject_column=subject_column)
        with progress("Looking at", "pictures") as report_progress:
            checks = None if no_check else check_pictures(found.paths, report_progress)
        report = {**manifest_report(found, checks), "notes": list(found.notes)}
    if json:
        print_json(report)
        return
    for line in (*found.notes, *report_lines(report)):
        typer.echo(line)
