// A video that is paused within is continued from the frame in sight; the button says which.
vidu.pausedAt = () => {
  const END = 0.1; // seconds: the last frame is the last
  const video = document.querySelector('#video video');
  if (!video?.paused || video.ended || !video.duration) return null;
  const {currentTime: at, duration} = video;
  return at > 0 && at < duration - END ? Math.round(1000 * at) / 1000 : null;
};

vidu.goOn = (_, ...values) => {
  const at = vidu.pausedAt();
  vidu.show('#pictures');
  return [at, ...values];
};

// What the menu beside the video can do in the browser alone.
vidu.shown = (element) => {
  let job;
  const tell = () => {
    const button = document.querySelector('#go-on');
    const words = element.querySelector('[data-frame]')?.dataset;
    if (job !== words?.job) document.dispatchEvent(new Event('vidu:opened'));
    job = words?.job;
    if (!button || !words) return;
    const at = vidu.pausedAt();
    const last = element.querySelector('[data-do=last]');
    if (last.hidden !== (at === null)) last.hidden = at === null;
    const text = at === null ? words.last : words.frame.replace('{seconds}', at.toFixed(1));
    if (button.textContent.trim() !== text) button.textContent = text;
  };
  const acts = {
    last: () => {
      const video = document.querySelector('#video video');
      video.addEventListener('seeked', () => document.querySelector('#go-on').click(), {once: true});
      video.currentTime = video.duration;
    },
    delete: () => document.dispatchEvent(new CustomEvent('vidu:delete', {detail: [job]})),
  };
  element.addEventListener('click', ({target}) => acts[target.closest('[data-do]')?.dataset.do]?.());
  ['pause', 'play', 'playing', 'seeked', 'ended', 'loadedmetadata', 'emptied'].forEach((name) => {
    document.addEventListener(name, ({target}) => {
      if (target.closest?.('#video')) tell();
    }, true);
  });
  // Gradio's player takes every key on its buttons for a click, even the Tab that leaves them.
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Tab' && event.target.closest?.('#video')) event.stopPropagation();
  }, true);
  new MutationObserver(tell).observe(element, {childList: true, subtree: true, attributes: true});
};
