"""`models`: list, verify and show the model packages."""

from typing import Annotated, Any, Literal

import typer

from facecam.commands.output import ends_well, fail, only_json_on_stdout, print_json
from facecam.errors import ModelPackageError


@ends_well
def models(
    action: Annotated[
        Literal["list", "verify", "show"],
        typer.Argument(help="list: what is there; verify: check all files; show: one in detail."),
    ] = "list",
    name: Annotated[str | None, typer.Argument(metavar="[NAME|DIR]", help="Which package.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the model packages, verify their files, or show one.

    Examples:

      python -m facecam models

      python -m facecam models show face-stats
    """
    if action == "show" and name is None:
        raise typer.BadParameter("say which package: models show NAME", param_hint="NAME")
    with only_json_on_stdout(json):
        entries = package_entries(name, run=action == "verify")
        details = _details(name) if action == "show" and name else {}
    refused = [entry for entry in entries if entry["error"]]
    if action == "show" and refused:
        raise ModelPackageError(refused[0]["error"])
    if json:
        print_json(details if action == "show" else {"models": entries})
    elif action == "show":
        _print_details(details)
    else:
        for entry in entries:
            typer.echo(_line(entry, verified=action == "verify"))
        if not entries:
            typer.echo("There is no model package; see python -m facecam train --help.")
    if refused:
        names = ", ".join(entry["name"] for entry in refused)
        fail(f"Of {len(entries)} model packages {len(refused)} cannot be used: {names}.")


def package_entries(name: str | None = None, *, run: bool = False) -> list[dict[str, Any]]:
    """Return one record a package, with the reason of a refusal under "error".

    Args:
        name: Only this package, by name or folder.
        run: Also let it run once on an empty picture.
    """
    from facecam.inference.package import list_packages

    names = [name] if name else [entry.name for entry in list_packages()]
    return [_entry(item, run=run) for item in names]


def _entry(name: str, *, run: bool) -> dict[str, Any]:
    """Load one package, which checks its contract and hashes; with `run`, also use it once."""
    import numpy as np

    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator

    try:
        package = load_package(name)
        if run:
            estimator = LiteRtEstimator(package)
            try:
                width, height = package.size_wh
                estimator.run(np.zeros((1, height, width, 3), np.uint8))
            finally:
                estimator.close()
    except ModelPackageError as error:
        return {"name": name, "error": str(error)}
    return {
        "name": package.name,
        "version": package.version,
        "title": dict(package.title),
        "target": package.target,
        "input": list(package.size_wh),
        "heads": [head.name for head in package.heads],
        "error": None,
    }


def _details(name: str) -> dict[str, Any]:
    import json as json_module

    from facecam.inference.package import load_package

    try:
        package = load_package(name)
    except ModelPackageError:
        return {}
    text = (package.dir / "model.json").read_text("utf-8")
    details: dict[str, Any] = json_module.loads(text)
    return details


def _line(entry: dict[str, Any], *, verified: bool) -> str:
    if entry["error"]:
        return f"{entry['name']}: refused. {entry['error']}"
    mark = "verified, " if verified else ""
    width, height = entry["input"]
    return (
        f"{entry['name']} {entry['version']}: {mark}{entry['target']} {width}x{height}, "
        f"{', '.join(entry['heads'])}"
    )


def _print_details(details: dict[str, Any]) -> None:
    typer.echo(f"{details['name']} {details['version']}: {details['title'].get('en', '')}")
    size = details["input"]
    typer.echo(f"looks at: {details['target']}, {size['width']}x{size['height']} px")
    for head in details["heads"]:
        classes = head["classes"]
        listed = f"{classes[0]}-{classes[-1]}" if head["kind"] == "expectation" else None
        typer.echo(f"  {head['name']}: {head['kind']}, {listed or ', '.join(map(str, classes))}")
    for key, facts in details.get("files", {}).items():
        typer.echo(f"{key}: {facts['bytes'] / 1e6:.2f} MB, sha256 {facts['sha256'][:16]}...")
    typer.echo(f"licence: {details.get('licence', 'not said')}")
