// The pictures in the form. `props.value` is the list; every change to it is made at once, so that
// none is lost between two others. The server draws the list, which takes a moment.
vidu.pictures = (trigger, props, watch) => {
  const find = (selector) => document.querySelector(`#pictures ${selector}`);
  const words = () => find('.adding').dataset;
  const tell = (text) => { find('.said').textContent = text; };
  const list = () => props.value ?? [];
  const change = (files) => { props.value = files; tell(''); };
  watch('value', () => tell('')); // the server has replaced the list

  const placeOf = ({place, path}) => (list()[place]?.path === path
    ? Number(place) : list().findIndex((file) => file.path === path));
  const redrawn = (update) => {
    const strip = find('.strip');
    update(strip);
    [...strip.children].forEach((item, place) => { item.dataset.place = place; });
  };

  const move = (item, to) => {
    const from = placeOf(item.dataset);
    const files = [...list()];
    if (from < 0 || to === from || !files[to]) return;
    files.splice(to, 0, ...files.splice(from, 1));
    change(files);
    redrawn((strip) => strip.insertBefore(item, strip.children[to > from ? to + 1 : to]));
    find('.moved').textContent = words().moved
      .replace('{place}', to + 1).replace('{of}', files.length);
  };

  const remove = (item) => {
    const place = placeOf(item.dataset);
    if (place < 0) return;
    change(list().filter((_, at) => at !== place));
    redrawn((strip) => strip.children[place]?.remove());
    find('.strip').children[Math.min(place, list().length - 1)]?.focus();
    if (!list().length) vidu.focusOnceDrawn('#pictures .empty [data-do=choose]');
  };
  vidu.sortable('#pictures .strip li', move, remove, placeOf);

  const upload = async (file) => {
    const {failed, largest, tooLarge, tooMuch} = words();
    const refused = (text) => ({name: file.name.slice(0, 60), text});
    if (file.size > largest) return refused(tooLarge);
    const body = new FormData();
    body.append('files', file);
    try {
      const answer = await fetch('gradio_api/upload', {method: 'POST', body});
      if (answer.ok) return {path: (await answer.json())[0]};
      return refused({413: tooLarge, 429: tooMuch}[answer.status] ?? failed);
    } catch {
      return refused(failed);
    }
  };

  // One line for each reason, with a few names: more would push the prompt out of sight.
  const NAMED = 2;
  const lines = (refusals) => [...new Set(refusals.map(({text}) => text))].map((reason) => {
    const names = refusals.filter(({text}) => text === reason).map(({name}) => name);
    const listed = names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ', …' : '');
    return words().about.replace('{name}', listed).replace('{text}', reason);
  });

  // Batches are uploaded one after another, so that the pictures keep their order.
  let refused = [];
  let busy = false;
  const next = async () => {
    if (busy || !vidu.welcomed || !vidu.batches.length) return;
    busy = true;
    tell(words().uploading);
    const uploads = await Promise.all(vidu.batches.shift().map(upload));
    refused = lines(uploads.filter(({text}) => text));
    const paths = uploads.flatMap(({path}) => path ?? []);
    if (paths.length) trigger('upload', {paths}); else finish('');
  };
  const finish = (said) => {
    tell([...refused, said].filter(Boolean).join('\n'));
    busy = false;
    next();
  };
  document.addEventListener('vidu:batch', next);
  next();

  document.addEventListener('vidu:news', ({detail: news}) => {
    if (!news) return finish(words().failed);
    const {files, replaces} = news;
    const left = [...list()];
    const place = left.findIndex((file) => file.path === replaces);
    if (place >= 0) left.splice(place, 1, ...files);
    else if (!replaces) left.push(...files);
    if (files.length) change(left);
    if (news.uploaded) finish(news.said); else tell(news.said);
  });

  const act = {
    choose: () => find('input[type=file]').click(),
    camera: () => vidu.takePhoto(find('dialog')).catch(() => tell(words().noCamera)),
    paste: () => vidu.pastePictures().catch(() => tell(words().noPicture)),
    example: ({example}) => trigger('example', {example}),
    fit: ({way, path}) => trigger('fit', {way, path}),
    remove: (_, item) => remove(item),
    clear: () => {
      change([]);
      vidu.focusOnceDrawn('#pictures .empty [data-do=choose]');
    },
    move: ({step}, item) => move(item, placeOf(item.dataset) + Number(step)),
  };
  document.addEventListener('click', ({target}) => {
    const button = target.closest('#pictures [data-do]');
    if (button) act[button.dataset.do](button.dataset, button.closest('[data-place]'));
  });
  document.addEventListener('change', ({target}) => {
    if (!target.matches('#pictures input[type=file]')) return;
    vidu.addPictures(target.files);
    target.value = ''; // so that the same file can be chosen again
  });
};

vidu.tellPictures = (news) => {
  document.dispatchEvent(new CustomEvent('vidu:news', {detail: news}));
};

// An answer about an older list is left out: another one is on its way.
vidu.drawPictures = ({html, paths}, files) => (
  paths.every((path, place) => path === (files[place]?.path ?? '')) ? html : {__type__: 'update'});
