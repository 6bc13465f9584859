"""Parse parameters that choose, prompt or pay for a model of the vendor.

They are recorded, never acted on: no model runs here. Keys are dropped before they are recorded
(see `sheaf.contracts.http.parse_parameters`).
"""

from enum import StrEnum

from sheaf.contracts.http.requests import RequestModel


class ParsingMode(StrEnum):
    """The vendor's ways to parse; the first alone is what this service does."""

    PAGE_WITHOUT_LLM = "parse_page_without_llm"
    PAGE_WITH_LLM = "parse_page_with_llm"
    PAGE_WITH_LVM = "parse_page_with_lvm"
    PAGE_WITH_AGENT = "parse_page_with_agent"
    PAGE_WITH_LAYOUT_AGENT = "parse_page_with_layout_agent"
    DOCUMENT_WITH_LLM = "parse_document_with_llm"
    DOCUMENT_WITH_LVM = "parse_document_with_lvm"
    DOCUMENT_WITH_AGENT = "parse_document_with_agent"


class ModelParameters(RequestModel):
    """Which model reads the document."""

    parse_mode: ParsingMode | None = None
    model: str | None = None
    tier: str | None = None
    version: str | None = None
    preset: str | None = None
    fast_mode: bool = False
    """Asks for no model at all, which is how every document is read here."""
    premium_mode: bool = False
    continuous_mode: bool = False
    layout_aware: bool = False
    enable_cost_optimizer: bool = False
    confidence_score_effort: str | None = None
    gpt4o_mode: bool = False
    gpt4o_api_key: str | None = None
    use_vendor_multimodal_model: bool = False
    vendor_multimodal_model_name: str | None = None
    vendor_multimodal_api_key: str | None = None
    azure_openai_deployment_name: str | None = None
    azure_openai_endpoint: str | None = None
    azure_openai_api_version: str | None = None
    azure_openai_key: str | None = None


class PromptParameters(RequestModel):
    """What the model is told."""

    parsing_instruction: str = ""
    is_formatting_instruction: bool = True
    formatting_instruction: str | None = None
    complemental_formatting_instruction: str | None = None
    content_guideline_instruction: str | None = None
    system_prompt: str | None = None
    system_prompt_append: str | None = None
    user_prompt: str | None = None


class EnrichmentParameters(RequestModel):
    """What the model adds, and when a page is handed to it."""

    auto_mode: bool = False
    auto_mode_configuration_json: str | None = None
    auto_mode_trigger_on_image_in_page: bool = False
    auto_mode_trigger_on_regexp_in_page: str | None = None
    auto_mode_trigger_on_table_in_page: bool = False
    auto_mode_trigger_on_text_in_page: str | None = None
    structured_output: bool = False
    structured_output_json_schema: str | None = None
    structured_output_json_schema_name: str | None = None
    extract_charts: bool = False
    specialized_chart_parsing_agentic: bool = False
    specialized_chart_parsing_plus: bool = False
    specialized_chart_parsing_efficient: bool = False
    specialized_image_parsing: bool = False


class VendorParameters(ModelParameters, PromptParameters, EnrichmentParameters):
    """All parameters of this module."""
