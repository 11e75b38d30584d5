// The takes of a dropped zip; a click fills the form with one.
vidu.brought = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const {path, take} = button.dataset;
    trigger('click', path ? {path, take: Number(take)} : {}); // the other button closes the list
  });
};
