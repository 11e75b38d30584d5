// The system's share sheet, where there is one that takes videos.
vidu.save = (element) => {
  const example = [new File([''], 'video.mp4', {type: 'video/mp4'})];
  const offer = () => {
    const button = element.querySelector('[data-share]');
    if (button && navigator.canShare?.({files: example})) button.hidden = false;
  };
  element.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-share]');
    if (!button) return;
    const answer = await fetch(button.dataset.share);
    const file = new File([await answer.blob()], button.dataset.name, {type: 'video/mp4'});
    await navigator.share({files: [file]}).catch(() => {}); // the visitor thought better of it
  });
  offer();
  new MutationObserver(offer).observe(element, {childList: true, subtree: true});
};
