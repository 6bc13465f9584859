"""What a job asks of each of its files, read from its request."""

from dataclasses import dataclass, field

from sheaf.contracts.documents import ClassifierRule, ParseOptions
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.markdown_style import MarkdownStyle, Rendering
from sheaf.ledger.records import JobSpec
from sheaf.rules.parameters.output_locations import stored_output
from sheaf.rules.parameters.parse_options import parse_options
from sheaf.rules.parameters.s3_locations import S3Location

_NO_STYLE = MarkdownStyle()


@dataclass(frozen=True)
class Work:
    """What a job asks for, read once from its request."""

    spec: JobSpec
    options: ParseOptions
    rules: tuple[ClassifierRule, ...] | None = None
    separator: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    style: MarkdownStyle = field(default_factory=MarkdownStyle)
    shows_layout: bool = False
    output: S3Location | None = None
    """Where results are written besides."""
    output_region: str | None = None
    reuses: bool = True
    is_reusable: bool = True
    file_seconds: float | None = None
    extra_seconds_per_page: float = 0.0

    @classmethod
    def of(cls, spec: JobSpec) -> "Work":
        """Read a job's request, which was validated when the job was created."""
        config = BatchJobCreate.model_validate(spec.request).job_config
        if isinstance(config, ClassifyJob):
            return cls(spec, parse_options(config), config.engine_rules())
        return _parse_work(spec, config)

    @property
    def rendering(self) -> Rendering:
        """How the job wants its pages written."""
        return Rendering(
            style=self.style, separator=self.separator, prefix=self.prefix, suffix=self.suffix
        )

    @property
    def has_style(self) -> bool:
        """Whether markdown must be read again to be written; else its pages are merely joined."""
        return self.style != _NO_STYLE


def _parse_work(spec: JobSpec, config: BatchParseJobRecordCreate) -> Work:
    asked = config.effective_parameters
    fresh = bool(asked.do_not_cache)
    output = stored_output(config)
    return Work(
        spec=spec,
        options=parse_options(config),
        rules=None,
        separator=asked.page_separator,
        prefix=asked.page_prefix,
        suffix=asked.page_suffix,
        style=MarkdownStyle.of(asked),
        shows_layout=asked.extract_layout,
        output=output,
        output_region=asked.output_s3_region,
        # A job that writes elsewhere reads each file: what lies there is not ours to trust.
        reuses=not (fresh or asked.invalidate_cache or output),
        is_reusable=not fresh,
        file_seconds=asked.job_timeout_in_seconds,
        extra_seconds_per_page=asked.job_timeout_extra_time_per_page_in_seconds or 0.0,
    )
