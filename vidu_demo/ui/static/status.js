// The elapsed time ticks in the browser, not through the server. `data-started` is in server time,
// so the difference between the two clocks, measured when the page loads, is subtracted.
vidu.status = (element) => {
  const tick = () => {
    const now = Date.now() / 1000 - (vidu.clockAhead || 0);
    element.querySelectorAll('[data-started]').forEach((place) => {
      const seconds = Math.max(0, Math.floor(now - Number(place.dataset.started)));
      const minutes = Math.floor(seconds / 60);
      const words = minutes ? place.dataset.minutes : place.dataset.seconds;
      const text = words.replace('{minutes}', minutes).replace('{seconds}', seconds % 60);
      if (place.textContent !== text) place.textContent = text;
    });
  };
  setInterval(tick, 500);
  new MutationObserver(tick).observe(element, {childList: true, subtree: true});
};
