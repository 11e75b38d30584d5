// Copies a text, and returns whether that worked.
vidu.copy = async (text) => {
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

// Says what was copied and what it lacks. A link that can't be copied is shown instead.
vidu.copyLink = async (query, copied, leftOut) => {
  const address = new URL(window.location.pathname + '?' + query, window.location.origin);
  const said = document.createElement('p');
  said.role = 'status';
  if (await vidu.copy(address.href)) {
    said.append(copied);
  } else {
    const shown = document.createElement('code');
    shown.textContent = address.href;
    said.append(shown);
  }
  said.append(' ', leftOut);
  return said.outerHTML;
};
