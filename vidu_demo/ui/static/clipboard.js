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

// Copies a link to the form, once the reviews that are under way have told what is in it by now.
// Says what it lacks. A link that can't be copied is shown instead.
vidu.link = (element) => {
  element.addEventListener('click', async (event) => {
    if (!event.target.closest('button')) return;
    await vidu.reviewed();
    const [{dataset}, said] = element.querySelectorAll('button, p');
    const {origin, pathname} = window.location;
    const address = `${origin}${pathname}?${dataset.query}`;
    const shown = document.createElement('code');
    shown.textContent = address;
    said.replaceChildren(await vidu.copy(address) ? dataset.copied : shown, ' ', dataset.leftOut);
  });
};
