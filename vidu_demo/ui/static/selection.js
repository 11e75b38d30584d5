// Selects videos in the list, to download or to delete them. A delete can be undone for a moment:
// until then nothing is deleted, and if the page is left meanwhile, nothing will be.
vidu.selection = (element, trigger) => {
  const UNDO_SECONDS = 8, DOWNLOAD_GAP = 500; // milliseconds; browsers drop downloads without one
  let selected = new Set();
  const leaving = new Set();
  let last, due, ticking;
  const id = (card) => card.dataset.job;
  const cards = () => [...element.querySelectorAll('[data-job]')];
  const box = (card) => card.querySelector('.pick input');
  const selectable = () => cards().filter((card) => box(card) && !leaving.has(id(card)));
  const chosen = () => selectable().filter((card) => selected.has(id(card)));
  const part = (name) => element.querySelector(`.selection ${name}`);
  const link = (card) => card.querySelector('a[download]');
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  const count = (button, number) => {
    button.hidden = !number;
    if (!button.classList.contains('sure')) button.textContent = fill(button.dataset.label, {number});
  };
  const countDown = (place) => {
    const {one, many} = place.dataset;
    const seconds = Math.max(0, Math.ceil((due - Date.now()) / 1000));
    place.textContent = fill(leaving.size > 1 ? many : one, {number: leaving.size, seconds});
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
    part('.leaving').hidden = !leaving.size;
    if (leaving.size) countDown(part('#leaving'));
  };

  const stay = () => {
    clearInterval(ticking);
    if (document.activeElement === part('[data-do=undo]')) part('.all').focus({preventScroll: true});
    leaving.clear();
    paint();
  };
  const tick = () => {
    if (Date.now() < due) return paint();
    const jobs = [...leaving];
    stay();
    trigger('delete', {jobs});
  };
  const remove = (jobs) => {
    jobs.forEach((job) => leaving.add(job));
    due = Date.now() + 1000 * UNDO_SECONDS;
    clearInterval(ticking);
    ticking = setInterval(tick, 1000);
    paint();
    part('[data-do=undo]').focus({preventScroll: true});
  };
  addEventListener('pagehide', stay);

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
    undo: stay,
    download,
    take: () => trigger('take', {jobs: chosen().filter(link).map(id)}),
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
