// Plays two videos in sync. The longer one leads. The other keeps up by changing its speed, which
// nobody notices; seeking takes time itself, so with that alone it would never catch up. Gradio
// changes the elements in place for another pair, so the only state kept is whether they play.
// A hidden page draws no frames, so it does nothing.
vidu.compare = (element, trigger, watch) => {
  const JUMP = 0.25; // seconds
  let playing = false;
  const part = (name) => element.querySelector(name);
  const longerFirst = () => [...element.querySelectorAll('video')]
    .sort((a, b) => (b.duration || 0) - (a.duration || 0));
  const tell = () => {
    const [lead] = longerFirst();
    if (!lead) return; // closed meanwhile
    const total = lead.duration || 0;
    part('.time').max = total;
    part('.time').value = lead.currentTime;
    const clock = part('.clock');
    const length = clock.dataset.seconds.replace('{seconds}', total.toFixed(1));
    clock.textContent = `${lead.currentTime.toFixed(1)} / ${length}`;
  };
  const seek = (time) => longerFirst().forEach((video) => {
    video.currentTime = Math.min(time, video.duration || 0);
  });
  const hush = () => {
    const heard = part('[name=compare-sound]:checked')?.value;
    element.querySelectorAll('video').forEach((video) => {
      video.muted = video.dataset.side !== heard;
    });
  };
  const set = (value) => {
    playing = value;
    const button = part('.play');
    if (button) button.textContent = playing ? button.dataset.pause : button.dataset.play;
  };
  const pause = () => {
    set(false);
    longerFirst().forEach((video) => video.pause());
  };
  const run = (video) => video.play().catch(() => {}); // refused: it stays paused, `step` sees it
  const step = () => {
    const [lead, other] = longerFirst();
    if (!playing || !lead) return;
    if (lead.ended) {
      seek(0);
      run(lead);
    }
    if (lead.paused) return pause();
    if (other.readyState && !other.ended && !other.seeking) {
      if (other.paused) run(other);
      const behind = lead.currentTime - other.currentTime;
      if (Math.abs(behind) > JUMP) other.currentTime = lead.currentTime;
      else other.playbackRate = 1 + 3 * behind;
    }
    tell();
    requestAnimationFrame(step);
  };
  const play = () => {
    document.querySelectorAll('video').forEach((video) => video.pause());
    set(true);
    const [lead] = longerFirst();
    lead.playbackRate = 1;
    run(lead);
    requestAnimationFrame(step);
  };
  element.addEventListener('click', (event) => {
    if (event.target.closest('.play, video')) playing ? pause() : play();
    else if (event.target.closest('.close')) trigger('clear');
  });
  element.addEventListener('input', (event) => {
    if (!event.target.matches('.time')) return hush();
    seek(Number(event.target.value));
    tell();
  });
  element.addEventListener('loadedmetadata', () => {
    const wide = longerFirst().every((video) => video.videoWidth > video.videoHeight);
    part('.pair')?.classList.toggle('wide', wide);
    tell();
  }, true);
  element.addEventListener('error', () => {
    if (part('.unplayable')) part('.unplayable').hidden = false;
  }, true);
  watch('value', () => {
    pause();
    if (!part('.compare')) return;
    hush();
    vidu.show('#compare');
    part('.play').focus({preventScroll: true});
  });
};
