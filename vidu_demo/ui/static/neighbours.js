// The arrow keys are the buttons' where nothing else uses them: on the page itself, on a card of the
// list, and around the video, but not in the player.
vidu.neighbours = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const {job, jobs} = event.target.closest('button')?.dataset ?? {};
    if (jobs) trigger('click', {do: 'wall', job: '', jobs: jobs.split(' ')});
    else if (job) trigger('click', {do: 'open', job});
  });
  document.addEventListener('keydown', (event) => {
    const {key, target, ctrlKey, metaKey, altKey, shiftKey} = event;
    if (!['ArrowLeft', 'ArrowRight'].includes(key) || event.defaultPrevented) return;
    if (ctrlKey || metaKey || altKey || shiftKey) return;
    if (target !== document.body && !target.closest('#neighbours, #choices, .card .open')) return;
    element.querySelector(`[aria-keyshortcuts=${key}]:enabled`)?.click();
  });
};
