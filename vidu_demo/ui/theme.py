"""The look: a calm theme with one accent colour and the system's own fonts."""

import gradio as gr
from gradio.themes.utils import colors, sizes

TEXT = sizes.Size(xxs="11px", xs="12px", sm="13px", md="14px", lg="16px", xl="19px", xxl="26px")
"""Text sizes: Gradio's own small sizes are hard to read."""


def theme() -> gr.themes.Base:
    """Make the theme. It uses the system's fonts and downloads none."""
    return gr.themes.Base(
        primary_hue=colors.indigo,
        secondary_hue=colors.indigo,
        neutral_hue=colors.slate,
        radius_size=sizes.radius_lg,
        text_size=TEXT,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_500",
        block_border_width="1px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_shadow="none",
        block_title_text_color="*body_text_color",
        block_title_text_weight="500",
        checkbox_label_gap="6px",
        checkbox_label_padding="6px 8px",
        checkbox_label_text_size="*text_sm",
        checkbox_border_color="*neutral_400",
        checkbox_border_color_dark="*neutral_500",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        link_text_color_dark="*primary_400",
        button_secondary_text_color="*body_text_color",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white",
        button_large_padding="12px 20px",
    )
