// The wall. Gradio changes its elements in place, so videos play on when a cell is drawn again, and
// everything that the script adds is added again.
vidu.wall = (element, trigger, watch) => {
  let before = vidu.keptWall();
  const part = (name) => element.querySelector(name);
  const cells = () => [...element.querySelectorAll('.cell')];
  const face = (cell) => cell?.querySelector('.face');
  const id = (cell) => cell.dataset.job;
  const videos = () => cells().filter((cell) => !cell.inert)
    .flatMap((cell) => [...cell.querySelectorAll('video')]);
  const sync = vidu.inSync(videos, () => paintPlay());
  const paintPlay = () => {
    const button = part('.play');
    if (!button) return;
    button.disabled = !videos().length;
    const label = sync.isPlaying() ? button.dataset.pause : button.dataset.play;
    if (button.textContent !== label) button.textContent = label;
  };
  const leaving = vidu.leaving({
    place: () => part('.leaving'),
    changed: () => paint(),
    leave: (jobs) => trigger('delete', {jobs}),
    back: () => face(cells().find((cell) => !leaving.has(id(cell))))?.focus({preventScroll: true}),
  });
  const paint = () => {
    cells().forEach((cell) => { cell.inert = leaving.has(id(cell)); });
    leaving.tell();
    paintPlay();
    changes.takeRecords();
  };
  const changes = new MutationObserver(paint);
  changes.observe(
    element, {childList: true, subtree: true, attributes: true, characterData: true});

  const discard = (cell) => {
    if (!cell.querySelector('[data-do=discard]')) return; // it may still be running
    const others = cells().filter((other) => other === cell || !leaving.has(id(other)));
    const at = others.indexOf(cell);
    face(others[at + 1] ?? others[at - 1])?.focus({preventScroll: true});
    leaving.add([id(cell)]);
    if (at === 0 && others.length === 1) leaving.focus();
  };
  const star = (cell) => {
    const button = cell.querySelector('[data-do=star]');
    if (!button) return;
    const is = button.getAttribute('aria-pressed') === 'true';
    trigger('click', {do: is ? 'unstar' : 'star', job: id(cell)});
  };
  const open = (cell) => {
    vidu.show('#stage');
    trigger('click', {do: 'open', job: id(cell)});
  };
  const acts = {
    open,
    star,
    discard,
    compare: (cell) => trigger('click', {do: 'compare', job: id(cell)}),
    'go-on': (cell) => trigger('edit', {job: id(cell)}),
    full: (cell) => { // where its price stands
      open(cell);
      vidu.focusOnceShown('#full', '#stage');
    },
  };
  const whole = {
    play: () => (sync.isPlaying() ? sync.pause() : sync.play()),
    sheet: () => trigger('download', {jobs: cells().map(id)}),
    undo: () => leaving.stay(),
    close: () => {
      leaving.stay();
      trigger('click', {do: 'close', job: ''});
    },
  };
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const cell = button.closest('.cell');
    (cell ? acts : whole)[button.dataset.do]?.(cell);
  });

  // Moves as the grid is laid out now.
  const move = (from, key) => {
    const all = cells().filter((cell) => !cell.inert), at = all.indexOf(from);
    const [first] = all;
    const columns = all.filter((cell) => cell.offsetTop === first?.offsetTop).length;
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns};
    face(at < 0 ? first : all[at + steps[key]])?.focus();
  };
  element.addEventListener('keydown', (event) => {
    const {key, target, ctrlKey, metaKey, altKey} = event;
    if (event.defaultPrevented || ctrlKey || metaKey || altKey || !part('.wall')) return;
    const cell = target.closest('.cell');
    const act = {s: star, x: discard}[key.toLowerCase()];
    if (/^[1-9]$/.test(key)) {
      const chosen = cells()[Number(key) - 1];
      if (chosen && !chosen.inert) open(chosen);
    } else if (key.startsWith('Arrow')) move(cell, key);
    else if (act && cell && !event.repeat) act(cell);
    else return;
    event.preventDefault();
  });

  // A mouse that rests on a video plays it, unless all of them play.
  const hover = (event, act) => {
    const video = event.target.closest?.('.cell')?.querySelector('video');
    if (event.pointerType !== 'mouse' || !video || sync.isPlaying()) return;
    if (video.closest('.cell').contains(event.relatedTarget)) return;
    video.playbackRate = 1;
    video.loop = act === 'play';
    if (act === 'play') video.play().catch(() => {});
    else video.pause();
  };
  element.addEventListener('pointerover', (event) => hover(event, 'play'));
  element.addEventListener('pointerout', (event) => hover(event, 'pause'));

  // Who writes the next prompt meanwhile goes on writing.
  const opened = () => {
    vidu.show('#wall');
    const busy = document.activeElement?.matches('input, textarea, select');
    if (!busy) face(cells()[0])?.focus({preventScroll: true});
  };
  watch('value', () => {
    const jobs = part('.wall')?.dataset.jobs ?? '';
    if (!jobs) sync.pause();
    else if (!before || !jobs.split(' ').every((job) => before.includes(job))) opened();
    before = jobs;
    sessionStorage.setItem(vidu.WALL, jobs);
    paint();
  });
};

// A reload keeps the wall open; the server draws only what is the visitor's.
vidu.WALL = 'vidu-demo-wall';
vidu.keptWall = () => sessionStorage.getItem(vidu.WALL) ?? '';

// A file that was made for a click.
vidu.fetched = (element, watch) => watch('value', () => element.querySelector('a')?.click());

// Focuses what may be shown a little later.
vidu.focusOnceShown = (place, within) => {
  const MOST_SECONDS = 10;
  const find = () => {
    const found = document.querySelector(place);
    if (!found?.checkVisibility()) return;
    watching.disconnect();
    found.focus();
  };
  const watching = new MutationObserver(find);
  watching.observe(
    document.querySelector(within), {attributes: true, childList: true, subtree: true});
  setTimeout(() => watching.disconnect(), 1000 * MOST_SECONDS);
  find();
};
