// What the tab keeps goes to the server with what the browser keeps.
vidu.bringKept = (names) => (...values) => {
  const known = Object.fromEntries(names.map((name, place) => [name, values[place]]));
  const prompt = sessionStorage.getItem(vidu.TYPED);
  if (prompt !== null) known.kept = {...known.kept, prompt};
  known.wall = vidu.keptWall();
  return names.map((name) => known[name]);
};

// Runs once the page has loaded: compares the clocks, makes Ctrl+Enter submit (⌘+Enter on a Mac), and
// keeps what Tab reaches out from under the pay bar: browsers bring a text into view only in part.
vidu.arrive = (namesInLink) => (serverTime) => {
  vidu.welcomed = true;
  document.dispatchEvent(new Event('vidu:batch')); // one may have waited
  vidu.clockAhead = Date.now() / 1000 - serverTime;
  vidu.forgetLink(namesInLink);
  addEventListener('pagehide', vidu.keepTyped);
  document.documentElement.classList.toggle('vidu-mac', /^Mac/.test(navigator.platform));
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.repeat || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.querySelector('#make')?.click();
  });
  document.addEventListener('keyup', (event) => {
    if (event.key === 'Tab') document.activeElement.scrollIntoView({block: 'nearest'});
  });
};
