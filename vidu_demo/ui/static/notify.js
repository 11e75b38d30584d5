// If the browser or a frame forbids sounds or notifications, the title still says it. Browsers limit
// the number of audio contexts, so there is only one.
vidu.notify = (element) => {
  const title = document.title;
  let open = 0;
  const wanted = () => localStorage.getItem('vidu-demo-bell') === 'on';
  let context = null;
  const chime = () => {
    if (!window.AudioContext) return;
    context ??= new AudioContext();
    context.resume();
    [660, 880].forEach((pitch, number) => {
      const tone = context.createOscillator(), volume = context.createGain();
      const start = context.currentTime + number * 0.18;
      volume.gain.setValueAtTime(0.12, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.6);
      tone.frequency.value = pitch;
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.6);
    });
  };
  const notify = (words) => {
    if (!document.hidden || window.Notification?.permission !== 'granted') return;
    new Notification(words);
  };
  const attempt = (tell) => {
    try { return tell(); } catch { /* not here: a phone's Notification can't be made by a page */ }
  };
  const hear = () => {
    const place = element.querySelector('[data-open]');
    const box = element.querySelector('input');
    if (box) box.checked = wanted();
    const left = place ? Number(place.dataset.open) : 0;
    if (left) document.title = `${place.dataset.running} · ${title}`;
    else if (open) document.title = `${place?.dataset.ended || ''} · ${title}`;
    if (left < open && wanted()) {
      attempt(chime);
      attempt(() => notify(place?.dataset.ended || title));
    }
    open = left;
  };
  hear();
  new MutationObserver(hear).observe(element, {childList: true, subtree: true, attributes: true});
  element.addEventListener('change', (event) => {
    localStorage.setItem('vidu-demo-bell', event.target.checked ? 'on' : 'off');
    if (!event.target.checked) return;
    attempt(chime);
    attempt(() => window.Notification?.requestPermission())?.catch(() => {});
  });
  addEventListener('focus', () => { if (!open) document.title = title; });
};
