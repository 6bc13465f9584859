"""What a job is to do, as `--set` and `--classify` say it."""

import difflib
import math
from pathlib import Path
from typing import Any

import typer
import yaml
from pydantic import ValidationError

from sheaf.cli.faults import Fault
from sheaf.config import Settings
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.http.requests import true_errors
from sheaf.processing.output_copies import check_output
from sheaf.rules.parameters.finite_json import NotFiniteError, check_finite
from sheaf.rules.parameters.parse_options import parse_options
from sheaf.rules.parameters.s3_locations import parse_allowed

LIKENESS = 0.5
"""From 0 to 1: how much of an unknown name a known one must share to be suggested for it."""

_CLASSIFY_DEFAULTS = {
    # The contract wants these in every classify configuration; they have no meaning here.
    "id": "00000000-0000-0000-0000-000000000000",
    "user_id": "cli",
    "project_id": "default",
    "status": "PENDING",
}


def job_config(classify: Path | None, pairs: list[str]) -> dict[str, Any]:
    """Return the configuration of a job, as the contract has it.

    Raises:
        Fault: the file cannot be used, or a parameter is not one.
    """
    if classify is None:
        return {"parameters": dict(_pair(pair) for pair in pairs)}
    if pairs:
        raise Fault("--set has no effect with --classify; put parsing_configuration in the file", 2)
    try:
        loaded = yaml.safe_load(classify.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise Fault(f"--classify: cannot read {classify}: {error}", code=2) from error
    if not isinstance(loaded, dict) or "rules" not in loaded:
        raise Fault(f"--classify: {classify} has no `rules`; see examples/rules.yaml", code=2)
    _refuse_infinite(loaded, f"--classify: {classify}")
    return _CLASSIFY_DEFAULTS | loaded


def job_request(body: dict[str, Any], settings: Settings) -> BatchJobCreate:
    """Return a checked request, so that nothing is started for one that will be refused.

    Raises:
        Fault: a value cannot be honoured, or results may not go where it wants them.
    """
    try:
        request = BatchJobCreate.model_validate(body)
        parse_options(request.job_config)
        if isinstance(request.job_config, BatchParseJobRecordCreate):
            allowed = parse_allowed(settings.s3_outputs)
            check_output(request.job_config, settings.project, allowed)
    except ValidationError as error:
        listed = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in true_errors(error.errors())[:5]
        )
        raise Fault(listed, code=2) from error
    except ValueError as error:
        raise Fault(str(error), code=2) from error
    return request


def _pair(pair: str) -> tuple[str, Any]:
    key, sign, value = pair.partition("=")
    if not sign:
        raise Fault(f"--set {pair}: write key=value", code=2)
    if key not in BatchParseJobConfig.model_fields:
        raise Fault(_unknown(key), code=2)
    try:
        loaded = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise Fault(f"--set {key}: the value is no YAML or JSON", code=2) from error
    _refuse_infinite(loaded, f"--set {key}")
    return key, loaded


def _refuse_infinite(loaded: object, where: str) -> None:
    """Refuse numbers that YAML has and JSON has not: `.nan`, `.inf`, `1.0e+999`.

    Raises:
        Fault: there is one; the message says where.
    """
    try:
        check_finite(loaded)
    except NotFiniteError as error:
        place = ".".join(map(str, error.place))
        raise Fault(f"{where}: {place}{': ' if place else ''}{error}", code=2) from error


def finite(value: float) -> float:
    """Return the value of an option; BadParameter where it is no finite number."""
    if not math.isfinite(value):
        raise typer.BadParameter("write a finite number")
    return value


def _unknown(key: str) -> str:
    like = difflib.get_close_matches(key, BatchParseJobConfig.model_fields, n=1, cutoff=LIKENESS)
    hint = f"did you mean {like[0]}?" if like else "docs/compatibility.md lists them"
    return f"--set {key}: there is no such parameter; {hint}"
