"""The page, one file a part."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from gradio.blocks import Block

Updates = dict[Block, Any]
"""What a part has to say to the page: a new value, or new properties, of some of its widgets."""


def file_url(path: Path) -> str:
    """Give the address of a file that the page may show, relative to the page."""
    return f"gradio_api/file={quote(str(path))}"


COPY = """
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { /* missing where the page is not served safely, refused in many frames */ }
  const [box, focused] = [document.createElement('textarea'), document.activeElement];
  box.value = text;
  box.style.position = 'fixed';
  document.body.append(box);
  box.select();
  const copied = document.execCommand?.('copy') ?? false;
  box.remove();
  focused?.focus({preventScroll: true});
  return copied;
};
"""
"""A function for scripts: it copies a text, and tells whether that has worked."""


def telling(name: str) -> str:
    """Write the script of a list of buttons: its click event carries a button's `data-` name."""
    return f"""
element.addEventListener('click', (event) => {{
  const button = event.target.closest('[data-{name}]');
  if (button) trigger('click', {{{name}: button.dataset.{name}}});
}});
"""
