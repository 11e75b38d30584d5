// Plays the parts of a film without a gap. Two players take turns: while one plays, the other has
// the next part loaded and stands at its beginning. A part that is not ready yet is waited for. Where
// the film is paused, the part in sight can be continued.
vidu.filmPlayer = (element, trigger) => {
  const box = element.querySelector('.film-player');
  const players = [...box.querySelectorAll('video')];
  const part = (name) => box.querySelector(`.${name}`);
  const ready = (video) => video.readyState >= 3 && !video.seeking;
  const READY_EVENTS = ['canplay', 'seeked'];
  const EARLY = 0.02; // seconds: less than a frame
  // `running` is true once the front has begun to play: if it then stands, something else paused it.
  let parts = [], words = {}, at = 0, playing = false, running = false;
  let before, interrupted = [], drawing;

  const left = ({start, end}) => end - start;
  const total = () => parts.reduce((sum, each) => sum + left(each), 0);
  const passed = () => parts.slice(0, at).reduce((sum, each) => sum + left(each), 0);
  const front = () => players[at % 2];
  const over = () => Boolean(front().error) || front().ended
    || front().currentTime >= parts[at].end - EARLY;
  const done = () => at + 1 >= parts.length && over();
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
  const now = () => Math.min(total(), passed() + Math.max(0, front().currentTime - parts[at].start));
  const tell = () => {
    part('time').max = total();
    part('time').value = now();
    const length = words.seconds.replace('{seconds}', total().toFixed(1));
    part('clock').textContent = `${now().toFixed(1)} / ${length}`;
    part('go-on').hidden = playing;
    part('go-on').textContent = done() ? words.last
      : words.frame.replace('{seconds}', now().toFixed(1));
  };
  const show = () => {
    players.forEach((video) => video.classList.toggle('front', video === front()));
    box.dataset.at = at;
    tell();
  };
  const set = (value) => {
    playing = value;
    running = false;
    part('play').textContent = playing ? words.pause : words.play;
    tell();
  };
  const pause = () => {
    front().pause();
    set(false);
  };
  const refused = ({name}) => { if (name === 'NotAllowedError') pause(); };
  const run = () => {
    if (ready(front())) front().play().catch(refused);
  };
  const next = () => {
    if (done()) return pause();
    const last = front();
    at += 1;
    running = false;
    run();
    show();
    last.pause();
    load(at + 1);
  };
  const step = () => {
    if (!playing || box.hidden) return;
    if (over()) next();
    else if (!front().paused) running = true;
    else if (running) pause();
    else run();
    tell();
    drawing = requestAnimationFrame(step);
  };
  const play = () => {
    if (done()) seek(0);
    set(true);
    run();
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(step);
  };
  const seek = (time) => {
    let rest = time;
    at = parts.findIndex((each, place) => {
      if (rest < left(each) || place === parts.length - 1) return true;
      rest -= left(each);
      return false;
    });
    running = false;
    load(at, Math.min(rest, left(parts[at])));
    load(at + 1);
    show();
  };
  const close = () => {
    if (box.hidden) return;
    pause();
    box.hidden = true;
    players.forEach((video) => { video.removeAttribute('src'); video.load(); });
  };
  const leave = () => {
    close();
    interrupted.forEach((video) => video.play().catch(() => {}));
    before?.focus({preventScroll: true});
  };
  // At the end of a part that is not cut off, from its last frame, as from the end of any video.
  const goOn = () => {
    const END = 0.1, FIRST = 0.001; // seconds
    const {job, end, cut} = parts[at], time = Math.max(FIRST, front().currentTime);
    const frame = cut ? Math.min(time, end) : time < end - END ? time : null;
    trigger('edit', {job, at: frame && Math.round(1000 * frame) / 1000});
  };
  players.forEach((video) => READY_EVENTS.forEach((name) => video.addEventListener(name, () => {
    if (video !== front() || box.hidden) return;
    if (playing && video.paused && !over()) run();
    tell();
  })));
  part('play').addEventListener('click', () => (playing ? pause() : play()));
  players.forEach((video) => video.addEventListener('click', () => (playing ? pause() : play())));
  part('time').addEventListener('input', ({target}) => seek(Number(target.value)));
  part('go-on').addEventListener('click', goOn);
  part('close').addEventListener('click', leave);
  box.addEventListener('keydown', ({key}) => { if (key === 'Escape') leave(); });
  // A key for media can play it, too.
  players.forEach((video) => video.addEventListener('playing', () => {
    if (video === front() && !video.paused && !playing && !box.hidden) play();
  }));
  // One is heard at a time: what is below the film waits, and what is beside it takes over.
  document.addEventListener('play', ({target}) => {
    if (box.hidden || box.contains(target)) return;
    if (target.closest('#video')) {
      target.pause();
      interrupted = [target];
    } else if (!target.muted) pause();
  }, true);
  document.addEventListener('vidu:opened', close);

  document.addEventListener('vidu:film', ({detail}) => {
    words = detail.words;
    parts = detail.parts.filter(({src}) => src).map(({job, src, start, end, length}) => (
      {job, src, start: Number(start), end: Number(end || length), cut: end !== ''}));
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
