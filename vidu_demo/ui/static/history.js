// Deleting takes a second click on the same button; moving away cancels the first.
vidu.history = (element, trigger) => {
  const spell = () => element.querySelectorAll('time:empty').forEach((place) => {
    const at = new Date(place.dateTime);
    const now = new Date();
    const today = at.toDateString() === now.toDateString();
    place.textContent = at.toLocaleString([], {
      ...(!today && {month: 'short', day: 'numeric'}),
      ...(at.getFullYear() !== now.getFullYear() && {year: 'numeric'}),
      hour: '2-digit',
      minute: '2-digit',
    });
  });
  spell();
  new MutationObserver(spell).observe(element, {childList: true, subtree: true});
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const unsure = button.dataset.sure;
    if (unsure && !button.classList.contains('sure')) {
      const text = button.textContent;
      const ask = (asking) => {
        button.textContent = asking ? unsure : text;
        button.classList.toggle('sure', asking);
      };
      ask(true);
      button.addEventListener('blur', () => ask(false), {once: true});
      return;
    }
    if (button.dataset.do === 'open') vidu.show('#stage');
    trigger('click', {do: button.dataset.do, job: button.closest('[data-job]').dataset.job});
  });
};
