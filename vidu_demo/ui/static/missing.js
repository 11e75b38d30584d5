// While the form is unfinished, a click on the button leads to what is missing instead of buying.
vidu.leadToMissing = () => {
  document.addEventListener('click', (event) => {
    if (!event.target.closest?.('#make')) return;
    const missing = document.querySelector('#price [data-missing]')?.dataset.missing;
    if (!missing) return;
    event.stopPropagation();
    const fit = document.querySelector('#tile .unfit button');
    if (fit?.checkVisibility()) fit.focus();
    else if (missing === 'images') document.querySelector('#pictures input[type=file]')?.click();
    else vidu.reach(missing);
  }, true);
};

// Focuses a field. In a fold that has never been opened, it is not there yet.
vidu.reach = (field) => {
  const MOST_FRAMES = 60;
  const find = () => document.querySelector(`#${field} :is(textarea, input)`);
  const fold = field === 'urls' ? '#addresses' : '#more';
  if (!find()?.checkVisibility()) document.querySelector(`${fold} > button:not(.open)`)?.click();
  const focus = (frame) => {
    const input = find();
    if (input?.checkVisibility()) {
      input.focus();
      input.scrollIntoView({block: 'nearest'});
    } else if (frame < MOST_FRAMES) requestAnimationFrame(() => focus(frame + 1));
  };
  focus(0);
};
