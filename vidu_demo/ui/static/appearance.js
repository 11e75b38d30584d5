// Gradio's components arrive one by one and push each other around. Below the header, the page
// appears once the ones that take up most room are there; the style shows it in any case.
vidu.appearTogether = () => {
  const awaited = ['.tile', '#prompt textarea', '#make', '#resolution', '#status', '#video'];
  const look = new MutationObserver(() => {
    if (!awaited.every((place) => document.querySelector(place))) return;
    document.documentElement.classList.add('vidu-ready');
    document.getElementById('shell')?.remove();
    look.disconnect();
  });
  look.observe(document, {childList: true, subtree: true});
};
