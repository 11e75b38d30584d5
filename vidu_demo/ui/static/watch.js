// Polls for changes, and refreshes the page only if there are any. A plain request costs a fraction
// of a Gradio event, and this continues while the tab is hidden.
vidu.watch = (element, trigger) => {
  const HIDDEN_SECONDS = 3, PATIENCE_SECONDS = 10;
  const place = () => element.querySelector('[data-changes]');
  let next;
  const rest = () => {
    clearTimeout(next);
    const seconds = Number(place()?.dataset.seconds);
    if (seconds) next = setTimeout(ask, 1000 * Math.max(seconds, document.hidden && HIDDEN_SECONDS));
  };
  const ask = async () => {
    if (!place()) return;
    try {
      const signal = AbortSignal.timeout(1000 * PATIENCE_SECONDS);
      const answer = await fetch(place().dataset.changes, {cache: 'no-store', signal});
      if (answer.ok && (await answer.text()) !== place()?.dataset.version) trigger('tick');
    } catch {
      trigger('tick'); // so that Gradio notices, and loads the page again once the app is back
    }
    rest();
  };
  new MutationObserver(rest).observe(element, {childList: true, subtree: true, attributes: true});
  document.addEventListener('vidu:refresh', () => setTimeout(() => trigger('tick')));
  document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
  rest();
};

// An answer that comes late draws a job although another one has been opened since. A job that is
// gone stays different, so nothing is asked for twice.
vidu.late = '';
vidu.refreshAgain = (seen, shown) => {
  const right = seen === (shown || 'fault') || seen.startsWith(`${shown} `);
  const before = vidu.late;
  vidu.late = right ? '' : `${shown} ${seen}`;
  if (vidu.late && vidu.late !== before) document.dispatchEvent(new Event('vidu:refresh'));
};
