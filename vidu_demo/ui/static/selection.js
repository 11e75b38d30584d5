// Selects videos in the list, to see them on the wall, to download or to delete them.
vidu.selection = (element, trigger) => {
  const MOST_ON_WALL = 12, DOWNLOAD_GAP = 500; // milliseconds; browsers drop downloads without one
  let selected = new Set();
  let last;
  const id = (card) => card.dataset.job;
  const cards = () => [...element.querySelectorAll('[data-job]')];
  const box = (card) => card.querySelector('.pick input');
  const selectable = () => cards().filter((card) => box(card) && !leaving.has(id(card)));
  const chosen = () => selectable().filter((card) => selected.has(id(card)));
  const part = (name) => element.querySelector(`.selection ${name}`);
  const link = (card) => card.querySelector('a[download]');
  const leaving = vidu.leaving({
    place: () => part('.leaving'),
    changed: () => paint(),
    leave: (jobs) => trigger('delete', {jobs}),
    back: () => part('.all').focus({preventScroll: true}),
  });

  const count = (button, number) => {
    button.hidden = !number;
    if (!button.classList.contains('sure')) button.textContent = vidu.fill(button.dataset.label, {number});
  };
  const paint = () => {
    if (!part('.all')) return;
    const [all, some] = [selectable(), chosen()];
    selected = new Set(some.map(id)); // nothing that is out of sight
    cards().forEach((card) => {
      card.inert = leaving.has(id(card));
      if (box(card)) box(card).checked = selected.has(id(card));
    });
    part('.all').disabled = !all.length;
    part('.all').checked = some.length > 0 && some.length === all.length;
    part('.all').indeterminate = some.length > 0 && some.length < all.length;
    count(part('[data-do=download]'), some.filter(link).length);
    count(part('[data-do=take]'), some.filter(link).length);
    const remove = part('[data-do=delete-selected]');
    const unsure = some.some((card) => card.querySelector('[data-sure]'));
    if (unsure) remove.dataset.sure = remove.dataset.mayRun;
    else delete remove.dataset.sure;
    count(remove, some.length);
    part('[data-do=wall]').hidden = some.length < 2 || some.length > MOST_ON_WALL;
    leaving.tell();
  };

  const remove = (jobs) => {
    leaving.add(jobs);
    leaving.focus();
  };
  document.addEventListener('vidu:delete', ({detail}) => {
    vidu.openPartOf(element);
    remove(detail);
  });

  // A job that may still be running takes a second click on the same button; moving away cancels.
  const sure = (button) => {
    const question = button.dataset.sure;
    if (!question || button.classList.contains('sure')) return true;
    const text = button.textContent;
    const ask = (asking) => {
      button.classList.toggle('sure', asking);
      button.textContent = asking ? question : text;
    };
    ask(true);
    button.addEventListener('blur', () => ask(false), {once: true});
    return false;
  };
  const download = () => chosen().map(link).filter(Boolean).map((found) => found.cloneNode())
    .forEach((copy, number) => setTimeout(() => copy.click(), DOWNLOAD_GAP * number));
  const acts = {
    undo: leaving.stay,
    download,
    take: () => trigger('take', {jobs: chosen().filter(link).map(id)}),
    wall: () => trigger('click', {do: 'wall', job: '', jobs: chosen().map(id)}),
    delete: (button) => sure(button) && remove([id(button.closest('[data-job]'))]),
    'delete-selected': (button) => sure(button) && remove(chosen().map(id)),
  };
  const pick = (input, further) => {
    const order = selectable().map(id), here = id(input.closest('[data-job]'));
    const ends = [order.indexOf(here), order.indexOf(further && order.includes(last) ? last : here)];
    order.slice(Math.min(...ends), Math.max(...ends) + 1)
      .forEach((job) => (input.checked ? selected.add(job) : selected.delete(job)));
    last = here;
  };
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (button) return acts[button.dataset.do]?.(button);
    if (event.target.matches('.all'))
      selected = new Set(event.target.checked ? selectable().map(id) : []);
    else if (event.target.matches('.pick input')) pick(event.target, event.shiftKey);
    else return;
    paint();
  });
  return {paint};
};
