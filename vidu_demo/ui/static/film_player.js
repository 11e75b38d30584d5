// Plays the parts of a film without a gap. Two players take turns: while one plays, the other has
// the next part loaded and stands at its beginning. A part that is not ready yet is waited for.
vidu.filmPlayer = (element) => {
  const box = element.querySelector('.film-player');
  const players = [...box.querySelectorAll('video')];
  const part = (name) => box.querySelector(`.${name}`);
  const ready = (video) => video.readyState >= 3 && !video.seeking;
  const READY_EVENTS = ['canplay', 'seeked'];
  const EARLY = 0.02; // seconds: less than a frame
  let parts = [], words = {}, at = 0, playing = false, before, interrupted = [];

  const left = ({start, end}) => end - start;
  const total = () => parts.reduce((sum, each) => sum + left(each), 0);
  const passed = () => parts.slice(0, at).reduce((sum, each) => sum + left(each), 0);
  const front = () => players[at % 2];
  const load = (place, offset = 0) => {
    const video = players[place % 2], one = parts[place];
    video.pause();
    if (!one) return;
    const time = one.start + offset;
    const seek = () => { if (Math.abs(video.currentTime - time) > EARLY) video.currentTime = time; };
    if (video.getAttribute('src') !== one.src) {
      video.src = one.src;
      video.addEventListener('loadedmetadata', seek, {once: true});
    } else seek();
  };
  const tell = () => {
    const {start} = parts[at];
    const now = Math.min(total(), passed() + Math.max(0, front().currentTime - start));
    part('time').max = total();
    part('time').value = now;
    const length = words.seconds.replace('{seconds}', total().toFixed(1));
    part('clock').textContent = `${now.toFixed(1)} / ${length}`;
  };
  const show = () => {
    players.forEach((video) => video.classList.toggle('front', video === front()));
    box.dataset.at = at;
    tell();
  };
  const set = (value) => {
    playing = value;
    part('play').textContent = playing ? words.pause : words.play;
  };
  const pause = () => {
    set(false);
    front().pause();
  };
  const run = () => {
    if (ready(front())) front().play().catch(pause);
  };
  const over = () => front().ended || front().currentTime >= parts[at].end - EARLY;
  const next = () => {
    if (at + 1 >= parts.length) return pause();
    const last = front();
    at += 1;
    run();
    show();
    last.pause();
    load(at + 1);
  };
  const step = () => {
    if (!playing || box.hidden) return;
    if (over()) next();
    else if (front().paused) run();
    if (!box.hidden) tell();
    requestAnimationFrame(step);
  };
  const play = () => {
    if (at + 1 >= parts.length && over()) seek(0);
    set(true);
    run();
    requestAnimationFrame(step);
  };
  const seek = (time) => {
    let rest = time;
    at = parts.findIndex((each, place) => {
      if (rest < left(each) || place === parts.length - 1) return true;
      rest -= left(each);
      return false;
    });
    load(at, Math.min(rest, left(parts[at])));
    load(at + 1);
    show();
  };
  const close = () => {
    if (box.hidden) return;
    pause();
    box.hidden = true;
    players.forEach((video) => { video.removeAttribute('src'); video.load(); });
    interrupted.forEach((video) => video.play().catch(() => {}));
    before?.focus({preventScroll: true});
  };
  players.forEach((video) => READY_EVENTS.forEach((name) => video.addEventListener(name, () => {
    if (playing && video === front() && video.paused && !over()) run();
  })));
  part('play').addEventListener('click', () => (playing ? pause() : play()));
  players.forEach((video) => video.addEventListener('click', () => (playing ? pause() : play())));
  part('time').addEventListener('input', ({target}) => seek(Number(target.value)));
  part('close').addEventListener('click', close);
  box.addEventListener('keydown', ({key}) => { if (key === 'Escape') close(); });

  document.addEventListener('vidu:film', ({detail}) => {
    words = detail.words;
    parts = detail.parts.filter(({src}) => src).map(({src, start, end, length}) => (
      {src, start: Number(start), end: end === '' ? Number(length) : Number(end)}));
    if (!parts.length) return;
    interrupted = [...document.querySelectorAll('#video video')].filter((video) => !video.paused);
    document.querySelectorAll('video').forEach((video) => video.pause());
    before = document.activeElement;
    part('close').setAttribute('aria-label', words.close);
    part('time').setAttribute('aria-label', words.time);
    box.hidden = false;
    seek(0);
    play();
    vidu.show('#film-player');
    part('play').focus({preventScroll: true});
  });
};

vidu.playFilm = (parts, words) => {
  document.dispatchEvent(new CustomEvent('vidu:film', {detail: {parts, words}}));
};
