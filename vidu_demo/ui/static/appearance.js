// Gradio's components arrive one by one and push each other around. The shell stays in front of them
// until the ones that take up most room are there; its style takes it away in any case.
vidu.appearTogether = () => {
  const awaited = ['.tile', '#prompt textarea', '#make', '#resolution', '#status', '#video'];
  const look = new MutationObserver(() => {
    if (!awaited.every((place) => document.querySelector(place))) return;
    document.getElementById('shell')?.remove();
    look.disconnect();
  });
  look.observe(document, {childList: true, subtree: true});
};
