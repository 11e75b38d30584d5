// The strip of a film's parts. An order, or an end that is cut off, shows at once; the server then
// gets all of it as it stands, so that the last change wins. Gradio changes elements in place, and
// leaves alone what is typed in a number, so the numbers are set again after each change.
vidu.film = (element, trigger) => {
  const items = () => [...element.querySelectorAll('.reel li')];
  const film = () => element.querySelector('.film')?.dataset;
  const placeOf = ({job}) => items().findIndex((item) => item.dataset.job === job);
  const number = (text) => (text === '' ? null : Number(text));
  const ANSWER_MS = 5000;
  let shown, focused, wanted, sent;
  const arranged = () => items().map(({dataset: {job, start, end}}) => (
    {job, start: Number(start), end: number(end)}));
  const arrange = () => {
    wanted = {film: film().film, parts: arranged()};
    sent = Date.now();
    changes.takeRecords();
    vidu.latest = wanted;
    trigger('arrange');
  };
  // A drawing from before the latest change would undo it for a moment, and the next key would then
  // move another part: what was wanted stays until the server draws it, or has had time to.
  const keep = () => {
    const drawn = new Map(items().map((item) => [item.dataset.job, item]));
    const had = document.activeElement.matches('body, #film .reel li');
    const same = wanted.film === film()?.film && drawn.size === wanted.parts.length
      && wanted.parts.every(({job}) => drawn.has(job));
    const confirmed = JSON.stringify(arranged()) === JSON.stringify(wanted.parts);
    if (!same || confirmed || Date.now() - sent > ANSWER_MS) wanted = null;
    else {
      wanted.parts.forEach(({job, start, end}) => {
        const item = drawn.get(job);
        item.dataset.start = String(start);
        item.dataset.end = end ?? '';
        item.parentElement.append(item);
      });
    }
    if (had) drawn.get(focused)?.focus();
  };
  const say = (place) => {
    element.querySelector('.moved').textContent = film().moved
      .replace('{place}', place + 1).replace('{of}', items().length);
  };
  const move = (item, to) => {
    const from = placeOf(item.dataset), all = items();
    if (from < 0 || to === from || !all[to]) return;
    item.parentElement.insertBefore(item, all[to > from ? to + 1 : to] ?? null);
    say(to);
    arrange();
  };
  const act = (name, job) => trigger('click', {do: name, job: job ?? '', film: film().film});
  const remove = (item) => {
    const all = items(), at = all.indexOf(item);
    (all[at + 1] ?? all[at - 1])?.focus();
    item.remove();
    act('remove', item.dataset.job);
  };
  const remake = (job) => trigger('remake', {job, film: film().film});
  const open = ({dataset: {job, ghost}}) => {
    if (ghost) return remake(job);
    document.dispatchEvent(new Event('vidu:opened')); // even if it was before
    act('open', job);
  };

  vidu.sortable('#film .reel li', move, remove, placeOf);
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.matches('.reel li')) return;
    event.preventDefault();
    open(event.target);
  });
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]'), item = event.target.closest('.reel li');
    if (!button) return item && open(item);
    const job = button.dataset.job ?? button.closest('[data-job]')?.dataset.job;
    switch (button.dataset.do) {
      case 'move': return move(item, placeOf(item.dataset) + Number(button.dataset.step));
      case 'remove': return remove(items()[placeOf({job})]);
      case 'remake': return remake(job);
      case 'take': return trigger('take', {
        jobs: items().filter(({dataset}) => dataset.src).map(({dataset}) => dataset.job)});
      case 'play': return vidu.playFilm(items().map(({dataset}) => dataset), film());
      default: return act(button.dataset.do, job);
    }
  });
  // An end at the video's end is no end, so that nothing is cut off by rounding.
  element.addEventListener('change', ({target}) => {
    if (!target.matches('.part input')) return;
    const part = target.closest('[data-job]');
    const [start, end] = ['start', 'end'].map((name) => part.querySelector(`[name=${name}]`));
    const {dataset} = items()[placeOf(part.dataset)];
    const length = Number(dataset.length), shortest = Number(end.min);
    const within = (value, low, high) => Math.min(Math.max(value || 0, low), high);
    const first = within(Number(start.value), 0, Math.max(0, length - shortest));
    const last = end.value === '' ? length : within(Number(end.value), first + shortest, length);
    dataset.start = String(first);
    dataset.end = last.toFixed(1) >= length.toFixed(1) ? '' : String(last);
    start.value = first.toFixed(1);
    end.value = last.toFixed(1);
    arrange();
  });
  element.addEventListener('focusin', ({target}) => {
    focused = target.closest('.reel li')?.dataset.job;
  });
  const paint = () => {
    if (wanted) keep();
    element.querySelectorAll('.part input').forEach((input) => {
      if (input !== document.activeElement) input.value = input.getAttribute('value');
    });
    const current = element.querySelector('.reel [aria-current]');
    if (current && current !== shown) current.scrollIntoView({block: 'nearest', inline: 'nearest'});
    shown = current;
    changes.takeRecords();
  };
  const changes = new MutationObserver(paint);
  changes.observe(element, {childList: true, subtree: true, attributes: true});
};

// What a listener sends: the latest arrangement, however long it had to wait.
vidu.arrangement = (_, ...values) => [vidu.latest, ...values];

// The list of films. A delete takes a second click on the same button; moving away cancels.
vidu.films = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const {film} = button.closest('[data-film]').dataset;
    if (button.dataset.do === 'delete' && !button.classList.contains('sure')) {
      const text = button.textContent;
      button.classList.add('sure');
      button.textContent = button.dataset.sure;
      button.addEventListener('blur', () => {
        button.classList.remove('sure');
        button.textContent = text;
      }, {once: true});
      return;
    }
    if (button.dataset.do === 'open') vidu.show('#stage');
    trigger('click', {do: button.dataset.do, job: '', film});
  });
};
