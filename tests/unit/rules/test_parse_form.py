"""The form of v1 uploads, as a rule."""

from sheaf.rules.parameters.parse_form import parameters_of


def test_texts_become_what_the_parameters_take() -> None:
    parameters, unknown = parameters_of(
        {
            "disable_ocr": "True",
            "save_images": "false",
            "max_pages": "7",
            "bbox_top": "0.25",
            "page_error_tolerance": "0.5",
            "job_timeout_in_seconds": "300",
            "language": "de, en",
            "images_to_save": '["screenshot"]',
            "custom_metadata": '{"n": 1}',
            "page_prefix": "7",
            "verbose": "1",
        }
    )
    assert parameters.model_dump(mode="json", exclude_defaults=True) == {
        "disable_ocr": True,
        "save_images": False,
        "max_pages": 7,
        "bbox_top": 0.25,
        "page_error_tolerance": 0.5,
        "job_timeout_in_seconds": 300,
        "languages": ["de", "en"],
        "images_to_save": ["screenshot"],
        "custom_metadata": {"n": 1},
        "page_prefix": "7",
    }
    assert unknown == ("verbose",)
