// The list of videos: its days and times, which depend on where the visitor is, and its buttons.
// Gradio changes its elements in place, so everything that the script adds is added again.
vidu.history = (element, trigger) => {
  const selection = vidu.selection(element, trigger);
  const paint = () => {
    vidu.wordTimes(element);
    selection.paint();
    changes.takeRecords();
  };
  const changes = new MutationObserver(paint);
  changes.observe(
    element, {childList: true, subtree: true, attributes: true, characterData: true});
  paint();
  document.addEventListener('visibilitychange', paint); // another day may have begun
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    const known = ['open', 'compare', 'more', 'star'];
    if (!known.includes(button?.dataset.do)) return;
    if (button.dataset.do === 'open') vidu.show('#stage');
    const job = button.closest('[data-job]')?.dataset.job;
    const off = button.getAttribute('aria-pressed') === 'true';
    trigger('click', {do: off ? 'unstar' : button.dataset.do, job});
  });
};

// A day is written above its first video, and a video's time below it.
vidu.wordTimes = (element) => {
  const words = element.querySelector('.history')?.dataset;
  const now = new Date();
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  const day = (at) => {
    if (at.toDateString() === now.toDateString()) return words.today;
    if (at.toDateString() === yesterday.toDateString()) return words.yesterday;
    const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric';
    return at.toLocaleDateString([], {day: 'numeric', month: 'long', year});
  };
  let last = '';
  element.querySelectorAll('time').forEach((place) => {
    const at = new Date(place.dateTime);
    const above = place.closest('.day');
    place.textContent = above ? day(at)
      : at.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'});
    if (above) above.hidden = at.toDateString() === last;
    last = at.toDateString();
  });
};
