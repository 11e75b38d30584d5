// Two videos side by side. Gradio changes the elements in place for another pair.
vidu.compare = (element, trigger, watch) => {
  const part = (name) => element.querySelector(name);
  const sync = vidu.inSync(() => element.querySelectorAll('video'), () => tell());
  const tell = () => {
    const [lead] = sync.longestFirst();
    if (!lead) return; // closed meanwhile
    const button = part('.play');
    const label = sync.isPlaying() ? button.dataset.pause : button.dataset.play;
    if (button.textContent !== label) button.textContent = label;
    const total = lead.duration || 0;
    part('.time').max = total;
    part('.time').value = lead.currentTime;
    const clock = part('.clock');
    const length = clock.dataset.seconds.replace('{seconds}', total.toFixed(1));
    clock.textContent = `${lead.currentTime.toFixed(1)} / ${length}`;
  };
  const hush = () => {
    const heard = part('[name=compare-sound]:checked')?.value;
    element.querySelectorAll('video').forEach((video) => {
      video.muted = video.dataset.side !== heard;
    });
  };
  element.addEventListener('click', (event) => {
    if (event.target.closest('.play, video')) sync.isPlaying() ? sync.pause() : sync.play();
    else if (event.target.closest('.close')) trigger('clear');
  });
  element.addEventListener('input', (event) => {
    if (!event.target.matches('.time')) return hush();
    sync.seek(Number(event.target.value));
    tell();
  });
  element.addEventListener('loadedmetadata', () => {
    const wide = sync.longestFirst().every((video) => video.videoWidth > video.videoHeight);
    part('.pair')?.classList.toggle('wide', wide);
    tell();
  }, true);
  element.addEventListener('error', () => {
    if (part('.unplayable')) part('.unplayable').hidden = false;
  }, true);
  watch('value', () => {
    sync.pause();
    if (!part('.compare')) return;
    hush();
    vidu.show('#compare');
    part('.play').focus({preventScroll: true});
  });
};
